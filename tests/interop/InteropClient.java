// SPDX-License-Identifier: Apache-2.0

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import grpc.testing.GrpcTesting.BoolValue;
import grpc.testing.GrpcTesting.EchoStatus;
import grpc.testing.GrpcTesting.Empty;
import grpc.testing.GrpcTesting.Payload;
import grpc.testing.GrpcTesting.ResponseParameters;
import grpc.testing.GrpcTesting.SimpleRequest;
import grpc.testing.GrpcTesting.SimpleResponse;
import grpc.testing.GrpcTesting.StreamingInputCallRequest;
import grpc.testing.GrpcTesting.StreamingInputCallResponse;
import grpc.testing.GrpcTesting.StreamingOutputCallRequest;
import grpc.testing.GrpcTesting.StreamingOutputCallResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** gRPC's interop cases from grpc-java: java InteropClient ADDRESS. */
public final class InteropClient {
    interface Case {
        void run() throws Exception;
    }

    private static final String SERVICE = "grpc.testing.TestService/";
    private static final Metadata.Key<String> TEXT =
            Metadata.Key.of("x-grpc-test-echo-initial", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<byte[]> BYTES =
            Metadata.Key.of("x-grpc-test-echo-trailing-bin", Metadata.BINARY_BYTE_MARSHALLER);

    private static ManagedChannel channel;

    private static <Q extends Message, A extends Message> MethodDescriptor<Q, A> method(
            MethodType type, String name, Q request, A response) {
        return MethodDescriptor.<Q, A>newBuilder().setType(type).setFullMethodName(name)
                .setRequestMarshaller(ProtoUtils.marshaller(request))
                .setResponseMarshaller(ProtoUtils.marshaller(response)).build();
    }

    private static final MethodDescriptor<SimpleRequest, SimpleResponse> UNARY = method(MethodType.UNARY,
            SERVICE + "UnaryCall", SimpleRequest.getDefaultInstance(), SimpleResponse.getDefaultInstance());
    private static final MethodDescriptor<StreamingInputCallRequest, StreamingInputCallResponse> INPUT = method(
            MethodType.CLIENT_STREAMING, SERVICE + "StreamingInputCall",
            StreamingInputCallRequest.getDefaultInstance(), StreamingInputCallResponse.getDefaultInstance());
    private static final MethodDescriptor<StreamingOutputCallRequest, StreamingOutputCallResponse> OUTPUT = method(
            MethodType.SERVER_STREAMING, SERVICE + "StreamingOutputCall",
            StreamingOutputCallRequest.getDefaultInstance(), StreamingOutputCallResponse.getDefaultInstance());
    private static final MethodDescriptor<StreamingOutputCallRequest, StreamingOutputCallResponse> FULL = method(
            MethodType.BIDI_STREAMING, SERVICE + "FullDuplexCall",
            StreamingOutputCallRequest.getDefaultInstance(), StreamingOutputCallResponse.getDefaultInstance());

    private static CallOptions limit(long ms) {
        return CallOptions.DEFAULT.withDeadlineAfter(ms, TimeUnit.MILLISECONDS);
    }

    private static CallOptions limit() {
        return limit(20000);
    }

    private static void expect(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    private static Status fails(Status.Code code, Case call) throws Exception {
        try {
            call.run();
        } catch (StatusRuntimeException error) {
            expect(error.getStatus().getCode() == code, error.toString());
            return error.getStatus();
        }
        throw new AssertionError("did not end with " + code);
    }

    private static Payload zeros(int size) {
        return Payload.newBuilder().setBody(ByteString.copyFrom(new byte[size])).build();
    }

    private static SimpleRequest.Builder large() {
        return SimpleRequest.newBuilder().setResponseSize(314159).setPayload(zeros(271828));
    }

    private static StreamingOutputCallRequest wanted(int size, int question) {
        return StreamingOutputCallRequest.newBuilder().setPayload(zeros(question))
                .addResponseParameters(ResponseParameters.newBuilder().setSize(size)).build();
    }

    private static BoolValue bool(boolean value) {
        return BoolValue.newBuilder().setValue(value).build();
    }

    private static void checkLarge(SimpleRequest request, CallOptions options) {
        SimpleResponse reply = ClientCalls.blockingUnaryCall(channel, UNARY, options, request);
        expect(reply.getPayload().equals(zeros(314159)), "the payload is another");
    }

    /** A call whose messages go one by one; an answer that is a Status is the end. */
    private static final class Talk<Q, A> extends ClientCall.Listener<A> {
        final ClientCall<Q, A> call;
        final LinkedBlockingQueue<Object> heard = new LinkedBlockingQueue<>();

        Talk(Channel over, MethodDescriptor<Q, A> method, CallOptions options) {
            call = over.newCall(method, options);
            call.start(this, new Metadata());
            call.request(100);
        }

        @Override
        public void onMessage(A message) {
            heard.add(message);
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            heard.add(status);
        }

        Object next() throws Exception {
            Object found = heard.poll(20, TimeUnit.SECONDS);
            expect(found != null, "nothing came");
            return found;
        }

        Status end() throws Exception {
            Object found = next();
            expect(found instanceof Status, "a message came");
            return (Status) found;
        }

        int size() throws Exception {
            Object found = next();
            expect(found instanceof StreamingOutputCallResponse, found.toString());
            return ((StreamingOutputCallResponse) found).getPayload().getBody().size();
        }
    }

    private static int sum(CallOptions options, StreamingInputCallRequest... messages) throws Exception {
        Talk<StreamingInputCallRequest, StreamingInputCallResponse> talk = new Talk<>(channel, INPUT, options);
        for (StreamingInputCallRequest message : messages) {
            talk.call.setMessageCompression(message.getExpectCompressed().getValue());
            talk.call.sendMessage(message);
        }
        talk.call.halfClose();
        Object found = talk.next();
        if (found instanceof Status) {
            throw ((Status) found).asRuntimeException();
        }
        expect(talk.end().isOk(), "no good end");
        return ((StreamingInputCallResponse) found).getAggregatedPayloadSize();
    }

    private static StreamingInputCallRequest input(int size) {
        return StreamingInputCallRequest.newBuilder().setPayload(zeros(size)).build();
    }

    private static StreamingInputCallRequest input(int size, boolean packed) {
        return input(size).toBuilder().setExpectCompressed(bool(packed)).build();
    }

    private static void outputs(StreamingOutputCallRequest request, Integer... sizes) {
        List<Integer> found = new ArrayList<>();
        ClientCalls.blockingServerStreamingCall(channel, OUTPUT, limit(), request)
                .forEachRemaining(reply -> found.add(reply.getPayload().getBody().size()));
        expect(found.equals(Arrays.asList(sizes)), found.toString());
    }

    private static void pingPong() throws Exception {
        int[][] sizes = {{31415, 27182}, {9, 8}, {2653, 1828}, {58979, 45904}};
        Talk<StreamingOutputCallRequest, StreamingOutputCallResponse> talk = new Talk<>(channel, FULL, limit());
        for (int[] size : sizes) {
            talk.call.sendMessage(wanted(size[0], size[1]));
            expect(talk.size() == size[0], "another size");
        }
        talk.call.halfClose();
        expect(talk.end().isOk(), "no good end");
    }

    private static void customMetadata() throws Exception {
        Metadata sent = new Metadata();
        sent.put(TEXT, "test_initial_metadata_value");
        sent.put(BYTES, new byte[] {(byte) 0xAB, (byte) 0xAB, (byte) 0xAB});
        for (boolean streams : new boolean[] {false, true}) {
            AtomicReference<Metadata> headers = new AtomicReference<>();
            AtomicReference<Metadata> trailers = new AtomicReference<>();
            Channel over = ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(sent),
                    MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
            if (streams) {
                Talk<StreamingOutputCallRequest, StreamingOutputCallResponse> talk = new Talk<>(over, FULL, limit());
                talk.call.sendMessage(wanted(314159, 271828));
                talk.call.halfClose();
                expect(talk.size() == 314159 && talk.end().isOk(), "no good end");
            } else {
                ClientCalls.blockingUnaryCall(over, UNARY, limit(), large().build());
            }
            expect("test_initial_metadata_value".equals(headers.get().get(TEXT)), "no header came back");
            expect(Arrays.equals(sent.get(BYTES), trailers.get().get(BYTES)), "no trailer came back");
        }
    }

    private static void statuses(String text) throws Exception {
        EchoStatus wanted = EchoStatus.newBuilder().setCode(2).setMessage(text).build();
        Status status = fails(Status.Code.UNKNOWN, () -> ClientCalls.blockingUnaryCall(channel, UNARY, limit(),
                SimpleRequest.newBuilder().setResponseStatus(wanted).build()));
        expect(text.equals(status.getDescription()), status.toString());
        Talk<StreamingOutputCallRequest, StreamingOutputCallResponse> talk = new Talk<>(channel, FULL, limit());
        talk.call.sendMessage(StreamingOutputCallRequest.newBuilder().setResponseStatus(wanted).build());
        talk.call.halfClose();
        status = talk.end();
        expect(status.getCode() == Status.Code.UNKNOWN && text.equals(status.getDescription()), status.toString());
    }

    private static void call(String name) {
        ClientCalls.blockingUnaryCall(channel, method(MethodType.UNARY, name, Empty.getDefaultInstance(),
                Empty.getDefaultInstance()), limit(), Empty.getDefaultInstance());
    }

    private static Map<String, Case> cases() {
        Map<String, Case> cases = new LinkedHashMap<>();
        cases.put("empty_unary", () -> call(SERVICE + "EmptyCall"));
        cases.put("large_unary", () -> checkLarge(large().build(), limit()));
        cases.put("client_compressed_unary", () -> {
            SimpleRequest packed = large().setExpectCompressed(bool(true)).build();
            fails(Status.Code.INVALID_ARGUMENT, () -> checkLarge(packed, limit()));
            checkLarge(packed, limit().withCompression("gzip"));
            checkLarge(large().setExpectCompressed(bool(false)).build(), limit());
        });
        cases.put("server_compressed_unary", () -> {
            checkLarge(large().setResponseCompressed(bool(true)).build(), limit());
            checkLarge(large().setResponseCompressed(bool(false)).build(), limit());
        });
        cases.put("client_streaming", () ->
                expect(sum(limit(), input(27182), input(8), input(1828), input(45904)) == 74922, "sum"));
        cases.put("client_compressed_streaming", () -> {
            fails(Status.Code.INVALID_ARGUMENT, () -> sum(limit(), input(27182, true)));
            expect(sum(limit().withCompression("gzip"), input(27182, true), input(45904, false)) == 73086, "sum");
        });
        cases.put("server_streaming", () -> {
            StreamingOutputCallRequest.Builder request = StreamingOutputCallRequest.newBuilder();
            for (int size : new int[] {31415, 9, 2653, 58979}) {
                request.addResponseParameters(ResponseParameters.newBuilder().setSize(size));
            }
            outputs(request.build(), 31415, 9, 2653, 58979);
        });
        cases.put("server_compressed_streaming", () -> outputs(StreamingOutputCallRequest.newBuilder()
                .addResponseParameters(ResponseParameters.newBuilder().setSize(31415).setCompressed(bool(true)))
                .addResponseParameters(ResponseParameters.newBuilder().setSize(92653).setCompressed(bool(false)))
                .build(), 31415, 92653));
        cases.put("ping_pong", InteropClient::pingPong);
        cases.put("empty_stream", () -> {
            Talk<StreamingOutputCallRequest, StreamingOutputCallResponse> talk = new Talk<>(channel, FULL, limit());
            talk.call.halfClose();
            expect(talk.end().isOk(), "no good end");
        });
        cases.put("custom_metadata", InteropClient::customMetadata);
        cases.put("status_code_and_message", () -> statuses("test status message"));
        cases.put("special_status_message", () -> statuses(
                "\t\ntest with whitespace\r\nand Unicode BMP \u263A and non-BMP \uD83D\uDE08\t\n"));
        cases.put("unimplemented_method", () ->
                fails(Status.Code.UNIMPLEMENTED, () -> call(SERVICE + "UnimplementedCall")));
        cases.put("unimplemented_service", () -> fails(Status.Code.UNIMPLEMENTED, () ->
                call("grpc.testing.UnimplementedService/UnimplementedCall")));
        cases.put("cancel_after_begin", () -> {
            Talk<StreamingInputCallRequest, StreamingInputCallResponse> talk = new Talk<>(channel, INPUT, limit());
            talk.call.cancel("as asked", null);
            expect(talk.end().getCode() == Status.Code.CANCELLED, "another end");
        });
        cases.put("cancel_after_first_response", () -> {
            Talk<StreamingOutputCallRequest, StreamingOutputCallResponse> talk = new Talk<>(channel, FULL, limit());
            talk.call.sendMessage(wanted(31415, 27182));
            expect(talk.size() == 31415, "another size");
            talk.call.cancel("as asked", null);
            expect(talk.end().getCode() == Status.Code.CANCELLED, "another end");
        });
        cases.put("timeout_on_sleeping_server", () -> {
            Talk<StreamingOutputCallRequest, StreamingOutputCallResponse> talk = new Talk<>(channel, FULL, limit(1));
            talk.call.sendMessage(StreamingOutputCallRequest.newBuilder().setPayload(zeros(27182)).build());
            expect(talk.end().getCode() == Status.Code.DEADLINE_EXCEEDED, "another end");
        });
        return cases;
    }

    public static void main(String[] arguments) throws Exception {
        channel = NettyChannelBuilder.forTarget("dns:///" + arguments[0]).proxyDetector(target -> null)
                .usePlaintext().build();
        int failed = 0;
        for (Map.Entry<String, Case> each : cases().entrySet()) {
            try {
                each.getValue().run();
                System.out.println("ok " + each.getKey());
            } catch (Exception | AssertionError error) {
                failed++;
                System.out.println("not ok " + each.getKey());
                error.printStackTrace(System.out);
            }
        }
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        System.exit(failed == 0 ? 0 : 1);
    }
}
