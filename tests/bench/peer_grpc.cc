// SPDX-License-Identifier: Apache-2.0
// peer_grpc PORT RESPONSE
//
// A gRPC C++ server whose Match does nothing, with the messages of ours: the request is parsed, the
// response (read once from the file RESPONSE, a packed MatchResponse) is packed again for every call.
// The callback API, on 127.0.0.1. The handler is as empty as it gets: requests and responses come from
// an allocator, so that no response is copied and requests keep their memory.
#include <fstream>
#include <iostream>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/message_allocator.h>

#include "policycalc/v1/calculator_service.grpc.pb.h"

using policycalc::v1::CalculatorService;
using policycalc::v1::MatchRequest;
using policycalc::v1::MatchResponse;

class Allocator : public grpc::MessageAllocator<MatchRequest, MatchResponse> {
public:
	explicit Allocator(MatchResponse *response) : response_(response) {}

	grpc::MessageHolder<MatchRequest, MatchResponse> *AllocateMessages() override
	{
		std::lock_guard<std::mutex> lock(mutex_);

		if (idle_.empty())
			return new Holder(this);
		Holder *holder = idle_.back();
		idle_.pop_back();
		return holder;
	}

private:
	class Holder : public grpc::MessageHolder<MatchRequest, MatchResponse> {
	public:
		explicit Holder(Allocator *allocator) : allocator_(allocator)
		{
			set_request(&message_);
			set_response(allocator->response_);
		}
		void Release() override
		{
			std::lock_guard<std::mutex> lock(allocator_->mutex_);

			allocator_->idle_.push_back(this);
		}

	private:
		Allocator *allocator_;
		MatchRequest message_;
	};

	MatchResponse *response_;
	std::mutex mutex_;
	std::vector<Holder *> idle_;
};

class Service : public CalculatorService::CallbackService {
public:
	grpc::ServerUnaryReactor *Match(grpc::CallbackServerContext *context,
			const MatchRequest *, MatchResponse *) override
	{
		grpc::ServerUnaryReactor *reactor = context->DefaultReactor();

		reactor->Finish(grpc::Status::OK);
		return reactor;
	}
};

int main(int argc, char **argv)
{
	if (argc != 3) {
		std::cerr << "usage: peer_grpc PORT RESPONSE\n";
		return 2;
	}
	std::ifstream file(argv[2], std::ios::binary);
	std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
	MatchResponse response;
	if (!file || !response.ParseFromString(bytes)) {
		std::cerr << argv[2] << ": is no MatchResponse\n";
		return 1;
	}
	Allocator allocator(&response);
	Service service;
	service.SetMessageAllocatorFor_Match(&allocator);
	grpc::ServerBuilder builder;
	builder.AddListeningPort(std::string("127.0.0.1:") + argv[1],
			grpc::InsecureServerCredentials());
	builder.RegisterService(&service);
	std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
	if (!server)
		return 1;
	std::cout << "listening" << std::endl;
	server->Wait();
}
