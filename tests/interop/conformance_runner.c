/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance_runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REQUEST_MAX 16384
#define PEM_MAX 16384

/* The certificate that clients of this server must show, in a file. */
static bool runner_trust_clients(struct conformance_runner *runner, struct serving *serving)
{
	ProtobufCBinaryData pem = runner->request->client_tls_cert;
	bool ok;
	int fd;

	if (!pem.len)
		return true;
	(void)snprintf(runner->client_authorities, sizeof(runner->client_authorities),
			"/tmp/conformance-XXXXXX");
	fd = mkstemp(runner->client_authorities);
	if (fd < 0)
		return false;
	ok = write(fd, pem.data, pem.len) == (ssize_t)pem.len;
	close(fd);
	serving->tls.client_authorities = runner->client_authorities;
	return ok;
}

bool conformance_runner_listen(struct conformance_runner *runner, struct serving *serving)
{
	static uint8_t bytes[REQUEST_MAX];
	uint8_t prefix[4];
	size_t size;

	if (fread(prefix, 1, 4, stdin) != 4)
		return true;
	size = (size_t)prefix[0] << 24 | (size_t)prefix[1] << 16 | (size_t)prefix[2] << 8 |
	       prefix[3];
	if (size > sizeof(bytes) || fread(bytes, 1, size, stdin) != size)
		return false;
	runner->request = connectrpc__conformance__v1__server_compat_request__unpack(
			NULL, size, bytes);
	if (!runner->request)
		return false;
	if (runner->request->message_receive_limit)
		serving->options.limits.rpc.receive_max =
				runner->request->message_receive_limit;
	if (runner->request->use_tls)
		return serving->tls.certificate && runner_trust_clients(runner, serving);
	serving->tls = (struct tls_options){ 0 };
	return true;
}

/* Whom clients have to trust: our own certificate. */
static ProtobufCBinaryData read_pem(const char *path)
{
	static uint8_t bytes[PEM_MAX];
	ProtobufCBinaryData pem = { .data = bytes };
	FILE *file = fopen(path, "r");

	if (file) {
		pem.len = fread(bytes, 1, sizeof(bytes), file);
		fclose(file);
	}
	return pem;
}

void conformance_runner_tell(
		const struct conformance_runner *runner, const struct serving *serving)
{
	static uint8_t bytes[4 + PEM_MAX + 256];
	Connectrpc__Conformance__V1__ServerCompatResponse response =
			CONNECTRPC__CONFORMANCE__V1__SERVER_COMPAT_RESPONSE__INIT;
	const char *address = server_address(serving->server, 0);
	char host[] = "127.0.0.1";
	size_t size;

	if (!runner->request) {
		serving_tell(serving);
		return;
	}
	response.host = host;
	response.port = (uint32_t)strtoul(strrchr(address, ':') + 1, NULL, 10);
	if (runner->request->use_tls)
		response.pem_cert = read_pem(serving->tls.certificate);
	size = connectrpc__conformance__v1__server_compat_response__pack(&response, bytes + 4);
	bytes[2] = (uint8_t)(size >> 8);
	bytes[3] = (uint8_t)size;
	(void)fwrite(bytes, 1, 4 + size, stdout);
	(void)fflush(stdout);
}

void conformance_runner_fini(struct conformance_runner *runner)
{
	if (runner->request)
		connectrpc__conformance__v1__server_compat_request__free_unpacked(
				runner->request, NULL);
	if (runner->client_authorities[0])
		(void)unlink(runner->client_authorities);
}
