// SPDX-License-Identifier: Apache-2.0

// A caller in Go that does all that a caller should: deadline, retries, token, TLS, error details.
//
// build.sh beside it makes Go of the schema and builds it. usage:
//
//	match [-token-file FILE] [-ca FILE [-cert FILE -key FILE]] ADDRESS
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	policycalc "example/policycalc/v1"
)

var (
	tokenFile = flag.String("token-file", "", "what policycalc keygen wrote")
	ca        = flag.String("ca", "", "certificate of the authority that signed the service's: speaks TLS")
	cert      = flag.String("cert", "", "our certificate, where the service asks for one")
	key       = flag.String("key", "", "its key")
)

// The library tries again by itself what the service did not begin. Asking changes nothing, so that is always
// right.
const retries = `{"methodConfig": [{
	"name": [{"service": "policycalc.v1.CalculatorService"}],
	"retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.2s", "maxBackoff": "2s", "backoffMultiplier": 2,
		"retryableStatusCodes": ["UNAVAILABLE"]}}]}`

func withTLS() (credentials.TransportCredentials, error) {
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	authorities, err := os.ReadFile(*ca)
	if err != nil {
		return nil, err
	}
	if !config.RootCAs.AppendCertsFromPEM(authorities) {
		return nil, errors.New(*ca + " holds no certificate")
	}
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config), nil
}

func connect(address string) (*grpc.ClientConn, error) {
	security := insecure.NewCredentials()
	if *ca != "" {
		var err error
		if security, err = withTLS(); err != nil {
			return nil, err
		}
	}
	return grpc.NewClient(address, grpc.WithTransportCredentials(security), grpc.WithNoProxy(),
		grpc.WithDefaultServiceConfig(retries),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
}

func withToken(ctx context.Context) (context.Context, error) {
	if *tokenFile == "" {
		return ctx, nil
	}
	token, err := os.ReadFile(*tokenFile)
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+strings.TrimSpace(string(token))), err
}

// retryDelay is how long the service asks us to wait; 0 when it does not.
func retryDelay(err error) time.Duration {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// ask has one deadline for all tries. Who asks too much is told when to come again.
func ask(client policycalc.CalculatorServiceClient, request *policycalc.MatchRequest) (*policycalc.MatchResponse, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ctx, err := withToken(ctx)
	if err != nil {
		return nil, err
	}
	for {
		answer, err := client.Match(ctx, request)
		pause := retryDelay(err)
		if status.Code(err) != codes.ResourceExhausted || pause == 0 {
			return answer, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, err
		}
	}
}

func fact(name string, value *policycalc.Value) *policycalc.AttributeValue {
	return &policycalc.AttributeValue{Name: name, Value: value}
}

func main() {
	log.SetFlags(0)
	flag.Parse()
	connection, err := connect(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	client := policycalc.NewCalculatorServiceClient(connection)
	// What is not known is left out: unknown is neither zero nor "no".
	revenue := fact("revenue", &policycalc.Value{Kind: &policycalc.Value_MoneyFen{MoneyFen: 8600 * 10000 * 100}})
	revenue.Period = "2025"
	answer, err := ask(client, &policycalc.MatchRequest{AsOf: "2026-03-01", Limit: 5,
		Profile: &policycalc.Profile{Attributes: []*policycalc.AttributeValue{
			fact("region", &policycalc.Value{Kind: &policycalc.Value_Code{Code: "411282"}}),
			fact("industry", &policycalc.Value{Kind: &policycalc.Value_Code{Code: "C3130"}}),
			fact("staff", &policycalc.Value{Kind: &policycalc.Value_Count{Count: 126}}),
			revenue,
		}}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("revision %d, as of %s\n", answer.Revision, answer.AsOf)
	for _, policy := range answer.Answers {
		fmt.Println(policy.PolicyId, policy.Title.Zh)
	}

	// A question that is wrong in two ways; every mistake is named by its path. Trying it again would be no use.
	_, err = ask(client, &policycalc.MatchRequest{Limit: -1, AsOf: "tomorrow"})
	if status.Code(err) != codes.InvalidArgument {
		log.Fatal("wrong, and answered so: ", err)
	}
	for _, detail := range status.Convert(err).Details() {
		if request, ok := detail.(*errdetails.BadRequest); ok {
			for _, violation := range request.FieldViolations {
				fmt.Printf("wrong: %s: %s\n", violation.Field, violation.Description)
			}
		}
	}
}
