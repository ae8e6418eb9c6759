// SPDX-License-Identifier: Apache-2.0
// gRPC's interop cases from Debian's libgrpc++: interop_client ADDRESS
#include "grpc_testing.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace grpc::testing;
using grpc::ClientContext;
using grpc::Status;
using grpc::StatusCode;

static void expect(bool holds, const char *what)
{
	if (!holds)
		throw std::string(what);
}
#define EXPECT(x) expect(x, #x)

static std::unique_ptr<TestService::Stub> stub;
static std::unique_ptr<UnimplementedService::Stub> unimplemented;

struct Call : ClientContext {
	explicit Call(int ms = 20000)
	{
		set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(ms));
	}
};

static SimpleRequest large()
{
	SimpleRequest request;

	request.set_response_size(314159);
	request.mutable_payload()->set_body(std::string(271828, '\0'));
	return request;
}

static Status unary(const SimpleRequest &request, SimpleResponse *response, bool packs = false)
{
	Call call;

	if (packs)
		call.set_compression_algorithm(GRPC_COMPRESS_GZIP);
	return stub->UnaryCall(&call, request, response);
}

static StreamingOutputCallRequest wanted(int size, int question)
{
	StreamingOutputCallRequest request;

	if (size >= 0)
		request.add_response_parameters()->set_size(size);
	request.mutable_payload()->set_body(std::string(static_cast<size_t>(question), '\0'));
	return request;
}

static StreamingInputCallRequest input(int size, int compressed = -1)
{
	StreamingInputCallRequest request;

	request.mutable_payload()->set_body(std::string(static_cast<size_t>(size), '\0'));
	if (compressed >= 0)
		request.mutable_expect_compressed()->set_value(compressed);
	return request;
}

static void empty_unary()
{
	Call call;
	Empty reply;

	EXPECT(stub->EmptyCall(&call, Empty(), &reply).ok() && reply.ByteSizeLong() == 0);
}

static void large_unary()
{
	SimpleResponse response;

	EXPECT(unary(large(), &response).ok());
	EXPECT(response.payload().body() == std::string(314159, '\0'));
}

static void client_compressed_unary()
{
	SimpleRequest request = large();
	SimpleResponse response;

	request.mutable_expect_compressed()->set_value(true);
	EXPECT(unary(request, &response).error_code() == StatusCode::INVALID_ARGUMENT);
	EXPECT(unary(request, &response, true).ok());
	EXPECT(response.payload().body().size() == 314159);
	request.mutable_expect_compressed()->set_value(false);
	EXPECT(unary(request, &response).ok());
}

static void server_compressed_unary()
{
	for (bool packs : { true, false }) {
		SimpleRequest request = large();
		SimpleResponse response;

		request.mutable_response_compressed()->set_value(packs);
		EXPECT(unary(request, &response).ok());
		EXPECT(response.payload().body().size() == 314159);
	}
}

static void client_streaming()
{
	Call call;
	StreamingInputCallResponse response;
	auto stream = stub->StreamingInputCall(&call, &response);

	for (int size : { 27182, 8, 1828, 45904 })
		EXPECT(stream->Write(input(size)));
	stream->WritesDone();
	EXPECT(stream->Finish().ok() && response.aggregated_payload_size() == 74922);
}

static void client_compressed_streaming()
{
	StreamingInputCallResponse response;
	{
		Call call;
		auto stream = stub->StreamingInputCall(&call, &response);

		stream->Write(input(27182, 1));
		stream->WritesDone();
		EXPECT(stream->Finish().error_code() == StatusCode::INVALID_ARGUMENT);
	}
	Call call;

	call.set_compression_algorithm(GRPC_COMPRESS_GZIP);
	auto stream = stub->StreamingInputCall(&call, &response);

	EXPECT(stream->Write(input(27182, 1)));
	EXPECT(stream->Write(input(45904, 0), grpc::WriteOptions().set_no_compression()));
	stream->WritesDone();
	EXPECT(stream->Finish().ok() && response.aggregated_payload_size() == 73086);
}

static void outputs(const std::vector<std::pair<int, int>> &parameters)
{
	Call call;
	StreamingOutputCallRequest request;
	StreamingOutputCallResponse response;
	size_t count = 0;

	for (auto &[size, compressed] : parameters) {
		auto *parameter = request.add_response_parameters();

		parameter->set_size(size);
		if (compressed >= 0)
			parameter->mutable_compressed()->set_value(compressed);
	}
	auto stream = stub->StreamingOutputCall(&call, request);

	for (; stream->Read(&response); count++)
		EXPECT(response.payload().body() ==
				std::string(static_cast<size_t>(parameters.at(count).first), '\0'));
	EXPECT(stream->Finish().ok() && count == parameters.size());
}

static void server_streaming()
{
	outputs({ { 31415, -1 }, { 9, -1 }, { 2653, -1 }, { 58979, -1 } });
}

static void server_compressed_streaming()
{
	outputs({ { 31415, 1 }, { 92653, 0 } });
}

static void half_duplex()
{
	Call call;
	StreamingOutputCallResponse response;
	auto stream = stub->HalfDuplexCall(&call);
	std::vector<size_t> sizes;

	for (int size : { 31415, 9, 2653, 58979 })
		EXPECT(stream->Write(wanted(size, 1)));
	stream->WritesDone();
	while (stream->Read(&response))
		sizes.push_back(response.payload().body().size());
	EXPECT(stream->Finish().ok() && sizes == std::vector<size_t>({ 31415, 9, 2653, 58979 }));
}

static void ping_pong()
{
	static const int sizes[][2] = { { 31415, 27182 }, { 9, 8 }, { 2653, 1828 },
		{ 58979, 45904 } };
	Call call;
	StreamingOutputCallResponse response;
	auto stream = stub->FullDuplexCall(&call);

	for (auto &[size, question] : sizes) {
		EXPECT(stream->Write(wanted(size, question)) && stream->Read(&response));
		EXPECT(response.payload().body().size() == static_cast<size_t>(size));
	}
	stream->WritesDone();
	EXPECT(!stream->Read(&response) && stream->Finish().ok());
}

static void empty_stream()
{
	Call call;
	StreamingOutputCallResponse response;
	auto stream = stub->FullDuplexCall(&call);

	stream->WritesDone();
	EXPECT(!stream->Read(&response) && stream->Finish().ok());
}

static void add_echo(ClientContext *call)
{
	call->AddMetadata("x-grpc-test-echo-initial", "test_initial_metadata_value");
	call->AddMetadata("x-grpc-test-echo-trailing-bin", "\xab\xab\xab");
}

static void check_echo(const ClientContext &call)
{
	auto initial = call.GetServerInitialMetadata().find("x-grpc-test-echo-initial");
	auto trailing = call.GetServerTrailingMetadata().find("x-grpc-test-echo-trailing-bin");

	EXPECT(initial != call.GetServerInitialMetadata().end());
	EXPECT(initial->second == "test_initial_metadata_value");
	EXPECT(trailing != call.GetServerTrailingMetadata().end());
	EXPECT(trailing->second == "\xab\xab\xab");
}

static void custom_metadata()
{
	Call one;
	SimpleResponse response;

	add_echo(&one);
	EXPECT(stub->UnaryCall(&one, large(), &response).ok());
	check_echo(one);
	Call two;
	StreamingOutputCallResponse reply;

	add_echo(&two);
	auto stream = stub->FullDuplexCall(&two);

	EXPECT(stream->Write(wanted(314159, 271828)) && stream->Read(&reply));
	stream->WritesDone();
	EXPECT(!stream->Read(&reply) && stream->Finish().ok());
	check_echo(two);
}

static void statuses(const std::string &text)
{
	SimpleRequest request;
	SimpleResponse response;
	StreamingOutputCallRequest asked;
	StreamingOutputCallResponse reply;
	Call call;

	request.mutable_response_status()->set_code(2);
	request.mutable_response_status()->set_message(text);
	*asked.mutable_response_status() = request.response_status();
	Status status = unary(request, &response);

	EXPECT(status.error_code() == StatusCode::UNKNOWN && status.error_message() == text);
	auto stream = stub->FullDuplexCall(&call);

	stream->Write(asked);
	stream->WritesDone();
	EXPECT(!stream->Read(&reply));
	status = stream->Finish();
	EXPECT(status.error_code() == StatusCode::UNKNOWN && status.error_message() == text);
}

static void status_code_and_message()
{
	statuses("test status message");
}

static void special_status_message()
{
	statuses("\t\ntest with whitespace\r\nand Unicode BMP \u263A and non-BMP \U0001F608\t\n");
}

static void unimplemented_method()
{
	Call call;
	Empty reply;

	EXPECT(stub->UnimplementedCall(&call, Empty(), &reply).error_code() ==
			StatusCode::UNIMPLEMENTED);
}

static void unimplemented_service()
{
	Call call;
	Empty reply;

	EXPECT(unimplemented->UnimplementedCall(&call, Empty(), &reply).error_code() ==
			StatusCode::UNIMPLEMENTED);
}

static void cancel_after_begin()
{
	Call call;
	StreamingInputCallResponse response;
	auto stream = stub->StreamingInputCall(&call, &response);

	call.TryCancel();
	EXPECT(stream->Finish().error_code() == StatusCode::CANCELLED);
}

static void cancel_after_first_response()
{
	Call call;
	StreamingOutputCallResponse response;
	auto stream = stub->FullDuplexCall(&call);

	EXPECT(stream->Write(wanted(31415, 27182)) && stream->Read(&response));
	call.TryCancel();
	EXPECT(stream->Finish().error_code() == StatusCode::CANCELLED);
}

static void timeout_on_sleeping_server()
{
	Call call(1);
	StreamingOutputCallResponse response;
	auto stream = stub->FullDuplexCall(&call);

	stream->Write(wanted(-1, 27182));
	stream->Read(&response);
	EXPECT(stream->Finish().error_code() == StatusCode::DEADLINE_EXCEEDED);
}

int main(int argc, char **argv)
{
#define CASE(name) { #name, name }
	static const std::pair<const char *, void (*)()> cases[] = { CASE(empty_unary),
		CASE(large_unary), CASE(client_compressed_unary), CASE(server_compressed_unary),
		CASE(client_streaming), CASE(client_compressed_streaming), CASE(server_streaming),
		CASE(server_compressed_streaming), CASE(half_duplex), CASE(ping_pong),
		CASE(empty_stream), CASE(custom_metadata), CASE(status_code_and_message),
		CASE(special_status_message), CASE(unimplemented_method),
		CASE(unimplemented_service), CASE(cancel_after_begin),
		CASE(cancel_after_first_response), CASE(timeout_on_sleeping_server) };
	int failed = 0;

	if (argc != 2)
		return EXIT_FAILURE;
	auto channel = grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials());

	stub = TestService::NewStub(channel);
	unimplemented = UnimplementedService::NewStub(channel);
	for (auto &[name, run] : cases) {
		try {
			run();
			std::printf("ok %s\n", name);
		} catch (const std::string &what) {
			std::printf("not ok %s: %s\n", name, what.c_str());
			failed++;
		}
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
