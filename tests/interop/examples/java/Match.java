// SPDX-License-Identifier: Apache-2.0

import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import google.rpc.ErrorDetails;
import google.rpc.StatusOuterClass;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import policycalc.v1.CalculatorServiceOuterClass.MatchRequest;
import policycalc.v1.CalculatorServiceOuterClass.MatchResponse;
import policycalc.v1.CalculatorServiceOuterClass.PolicyAnswer;
import policycalc.v1.ProfileOuterClass.AttributeValue;
import policycalc.v1.ProfileOuterClass.Profile;
import policycalc.v1.ProfileOuterClass.Value;

/**
 * A caller in Java that does all that a caller should: deadline, retries, token, TLS, error details. build.sh beside
 * it makes Java of the schema and compiles it; its classes need grpc-netty-shaded, grpc-protobuf and grpc-stub.
 *
 * <p>usage: java Match ADDRESS [--token-file FILE] [--ca FILE [--cert FILE --key FILE]]
 */
public final class Match {
    /** The library tries again by itself what the service did not begin. Asking changes nothing: always right. */
    private static final Map<String, ?> RETRIES = Map.of("methodConfig", List.of(Map.of(
            "name", List.of(Map.of("service", "policycalc.v1.CalculatorService")),
            "retryPolicy", Map.of("maxAttempts", 4.0, "initialBackoff", "0.2s", "maxBackoff", "2s",
                    "backoffMultiplier", 2.0, "retryableStatusCodes", List.of("UNAVAILABLE")))));

    private static final MethodDescriptor<MatchRequest, MatchResponse> MATCH =
            MethodDescriptor.<MatchRequest, MatchResponse>newBuilder()
                    .setType(MethodDescriptor.MethodType.UNARY)
                    .setFullMethodName("policycalc.v1.CalculatorService/Match")
                    .setRequestMarshaller(ProtoUtils.marshaller(MatchRequest.getDefaultInstance()))
                    .setResponseMarshaller(ProtoUtils.marshaller(MatchResponse.getDefaultInstance()))
                    .build();

    private static final Metadata.Key<byte[]> DETAILS =
            Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

    /** By TLS when the authority is given; with our own certificate where the service asks for one. */
    private static ChannelCredentials security(Map<String, String> options) throws Exception {
        if (!options.containsKey("--ca")) {
            return InsecureChannelCredentials.create();
        }
        TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder()
                .trustManager(new File(options.get("--ca")));
        if (options.containsKey("--cert")) {
            tls.keyManager(new File(options.get("--cert")), new File(options.get("--key")));
        }
        return tls.build();
    }

    private static ManagedChannel connect(String address, Map<String, String> options) throws Exception {
        return Grpc.newChannelBuilder("dns:///" + address, security(options))
                .proxyDetector(target -> null)
                .defaultServiceConfig(RETRIES)
                .enableRetry()
                .maxInboundMessageSize(64 << 20)
                .build();
    }

    private static ClientInterceptor token(String file) throws Exception {
        Metadata headers = new Metadata();
        if (file != null) {
            headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
                    "Bearer " + Files.readString(Path.of(file)).trim());
        }
        return MetadataUtils.newAttachHeadersInterceptor(headers);
    }

    /** The google.rpc detail that a failure carries, or an empty one. */
    private static <T extends Message> T detail(StatusRuntimeException error, T empty) throws Exception {
        byte[] bytes = error.getTrailers() == null ? null : error.getTrailers().get(DETAILS);
        if (bytes != null) {
            String url = "type.googleapis.com/" + empty.getDescriptorForType().getFullName();
            for (StatusOuterClass.Status.Detail entry
                    : StatusOuterClass.Status.parseFrom(bytes).getDetailsList()) {
                if (entry.getTypeUrl().equals(url)) {
                    @SuppressWarnings("unchecked")
                    Parser<T> parser = (Parser<T>) empty.getParserForType();
                    return parser.parseFrom(entry.getValue());
                }
            }
        }
        return empty;
    }

    /** One deadline for all tries. Who asks too much is told when to come again. */
    private static MatchResponse ask(Channel channel, MatchRequest request) throws Exception {
        CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS);
        while (true) {
            try {
                return ClientCalls.blockingUnaryCall(channel, MATCH, options, request);
            } catch (StatusRuntimeException error) {
                ErrorDetails.RetryInfo.Delay delay =
                        detail(error, ErrorDetails.RetryInfo.getDefaultInstance()).getRetryDelay();
                long pause = delay.getSeconds() * 1000 + delay.getNanos() / 1000000;
                if (error.getStatus().getCode() != Status.Code.RESOURCE_EXHAUSTED || pause == 0
                        || options.getDeadline().timeRemaining(TimeUnit.MILLISECONDS) < pause) {
                    throw error;
                }
                Thread.sleep(pause);
            }
        }
    }

    private static AttributeValue.Builder fact(String name, Value.Builder value) {
        return AttributeValue.newBuilder().setName(name).setValue(value);
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Map<String, String> options = new HashMap<>();
        for (int i = 1; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i], arguments[i + 1]);
        }
        ManagedChannel connection = connect(arguments[0], options);
        Channel channel = ClientInterceptors.intercept(connection, token(options.get("--token-file")));
        // What is not known is left out: unknown is neither zero nor "no".
        MatchResponse answer = ask(channel, MatchRequest.newBuilder().setAsOf("2026-03-01").setLimit(5)
                .setProfile(Profile.newBuilder()
                        .addAttributes(fact("region", Value.newBuilder().setCode("411282")))
                        .addAttributes(fact("industry", Value.newBuilder().setCode("C3130")))
                        .addAttributes(fact("staff", Value.newBuilder().setCount(126)))
                        .addAttributes(fact("revenue", Value.newBuilder().setMoneyFen(8600L * 10000 * 100))
                                .setPeriod("2025")))
                .build());
        out.println("revision " + answer.getRevision() + ", as of " + answer.getAsOf());
        for (PolicyAnswer policy : answer.getAnswersList()) {
            out.println(policy.getPolicyId() + " " + policy.getTitle().getZh());
        }

        // A question that is wrong in two ways; every mistake is named by its path. Trying again would be no use.
        try {
            ask(channel, MatchRequest.newBuilder().setLimit(-1).setAsOf("tomorrow").build());
        } catch (StatusRuntimeException error) {
            if (error.getStatus().getCode() != Status.Code.INVALID_ARGUMENT) {
                throw error;
            }
            ErrorDetails.BadRequest request = detail(error, ErrorDetails.BadRequest.getDefaultInstance());
            for (ErrorDetails.BadRequest.FieldViolation violation : request.getFieldViolationsList()) {
                out.println("wrong: " + violation.getField() + ": " + violation.getDescription());
            }
        }
        connection.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
}
