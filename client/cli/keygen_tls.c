/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authority is ca.pem and ca.key in the folder, made when they are missing. Keys are P-256; every file is for
 * its owner alone, and comes into being whole: written beside, then moved.
 */
#include "client/cli/keygen_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AUTHORITY_DAYS 3650
#define DEFAULT_DAYS 397
/* Clocks that are a little slow take it, too. */
#define EARLY_SECONDS (-300)
#define HOSTS_MOST 1000

struct pair {
	X509 *certificate;
	EVP_PKEY *key;
};

struct wish {
	const char *name;  /* of the subject */
	const char *names; /* as OpenSSL's configuration has them; NULL: an authority */
	const char *usage; /* "serverAuth" */
	long days;
};

static void pair_fini(struct pair *pair)
{
	X509_free(pair->certificate);
	EVP_PKEY_free(pair->key);
}

/* --- certificates ----------------------------------------------------------------------------- */

static bool extension_add(X509 *certificate, X509 *issuer, int kind, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	bool ok;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
	ok = extension && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok;
}

static bool serial_set(X509 *certificate)
{
	unsigned char bytes[16];
	BIGNUM *number = NULL;
	bool ok;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (bytes[0] & 0x7f) | 0x40;
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
	BN_free(number);
	return ok;
}

static bool fill(struct pair *pair, const struct pair *issuer, const struct wish *wish)
{
	X509 *certificate = pair->certificate;
	X509 *above = issuer->certificate ? issuer->certificate : certificate;
	X509_NAME *subject = X509_get_subject_name(certificate);

	return X509_set_version(certificate, X509_VERSION_3) == 1 && serial_set(certificate) &&
	       X509_gmtime_adj(X509_getm_notBefore(certificate), EARLY_SECONDS) &&
	       X509_gmtime_adj(X509_getm_notAfter(certificate), wish->days * 86400) &&
	       X509_set_pubkey(certificate, pair->key) == 1 &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
			       (const unsigned char *)wish->name, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(certificate, X509_get_subject_name(above)) == 1 &&
	       extension_add(certificate, above, NID_subject_key_identifier, "hash") &&
	       extension_add(certificate, above, NID_authority_key_identifier, "keyid") &&
	       extension_add(certificate, above, NID_basic_constraints,
			       wish->names ? "critical,CA:FALSE"
					   : "critical,CA:TRUE,pathlen:0") &&
	       extension_add(certificate, above, NID_key_usage,
			       wish->names ? "critical,digitalSignature"
					   : "critical,keyCertSign,cRLSign") &&
	       (!wish->names || (extension_add(certificate, above, NID_ext_key_usage,
						 wish->usage) &&
						extension_add(certificate, above,
								NID_subject_alt_name,
								wish->names))) &&
	       X509_sign(certificate, issuer->key ? issuer->key : pair->key, EVP_sha256()) > 0;
}

/* @issuer empty: it signs itself. */
static bool pair_make(struct pair *out, const struct pair *issuer, const struct wish *wish)
{
	out->key = EVP_EC_gen("P-256");
	out->certificate = X509_new();
	return out->key && out->certificate && fill(out, issuer, wish);
}

/* --- files ------------------------------------------------------------------------------------ */

static int file_fail(const struct cli *cli, const char *path)
{
	return cli_failure(cli, "%s: %s", path, strerror(errno));
}

/* @path and @suffix; NULL when memory is short. */
static char *path_in(struct cli *cli, const char *folder, const char *name, const char *suffix)
{
	return arena_format(&cli->arena, "%s/%s%s", folder, name, suffix);
}

static bool exists(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0;
}

static int pem_write(struct cli *cli, const char *path, const struct pair *pair, bool is_key)
{
	char *beside = arena_format(&cli->arena, "%s.new", path);
	int descriptor;
	FILE *file;
	bool ok;

	if (!beside)
		return cli_out_of_memory(cli);
	descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (descriptor < 0)
		return file_fail(cli, beside);
	file = fdopen(descriptor, "w");
	if (!file) {
		(void)close(descriptor);
		(void)unlink(beside);
		return cli_out_of_memory(cli);
	}
	ok = is_key ? PEM_write_PrivateKey(file, pair->key, NULL, NULL, 0, NULL, NULL) == 1
		    : PEM_write_X509(file, pair->certificate) == 1;
	ok = ok && fflush(file) == 0 && fsync(descriptor) == 0;
	ok = fclose(file) == 0 && ok && rename(beside, path) == 0;
	if (ok)
		return CLI_OK;
	(void)file_fail(cli, path);
	(void)unlink(beside);
	return CLI_FAILURE;
}

/* The key first: a certificate that is there has its key. */
static int pair_write(struct cli *cli, const char *folder, const char *name,
		const struct pair *pair, bool replace)
{
	char *certificate = path_in(cli, folder, name, ".pem");
	char *key = path_in(cli, folder, name, ".key");
	int code;

	if (!certificate || !key)
		return cli_out_of_memory(cli);
	if (!replace && (exists(certificate) || exists(key)))
		return cli_usage(cli,
				cli_word(cli, "%s 已存在；--replace 换成新的",
						"%s is there already; --replace makes it anew"),
				exists(certificate) ? certificate : key);
	code = pem_write(cli, key, pair, true);
	return code == CLI_OK ? pem_write(cli, certificate, pair, false) : code;
}

static int authority_read(struct cli *cli, const char *folder, struct pair *out)
{
	char *certificate = path_in(cli, folder, "ca", ".pem");
	char *key = path_in(cli, folder, "ca", ".key");
	FILE *file;

	if (!certificate || !key)
		return cli_out_of_memory(cli);
	file = fopen(certificate, "re");
	if (!file)
		return file_fail(cli, certificate);
	out->certificate = PEM_read_X509(file, NULL, NULL, NULL);
	(void)fclose(file);
	file = fopen(key, "re");
	if (!file)
		return file_fail(cli, key);
	out->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	(void)fclose(file);
	if (out->certificate && out->key &&
			X509_check_private_key(out->certificate, out->key) == 1)
		return CLI_OK;
	return cli_failure(cli, cli_word(cli, "%s：不是 %s 的私钥", "%s: is not the key of %s"),
			key, certificate);
}

static int authority_open(struct cli *cli, const char *folder, struct pair *out)
{
	static const struct wish wish = { .name = "policycalc CA", .days = AUTHORITY_DAYS };
	char *certificate = path_in(cli, folder, "ca", ".pem");

	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return file_fail(cli, folder);
	if (!certificate)
		return cli_out_of_memory(cli);
	if (exists(certificate))
		return authority_read(cli, folder, out);
	if (!pair_make(out, &(struct pair){ 0 }, &wish))
		return cli_out_of_memory(cli);
	return pair_write(cli, folder, "ca", out, false);
}

/* --- what is asked for ------------------------------------------------------------------------ */

static bool is_address(const char *host)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static bool is_host(const char *host)
{
	size_t size = strlen(host);

	return size > 0 && size <= 253 &&
	       strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789."
			    "-") == size &&
	       host[0] != '-' && host[0] != '.';
}

/* "a.example,10.0.0.1" → "DNS:a.example,IP:10.0.0.1"; NULL when one of them is none. */
static char *names_of_hosts(struct cli *cli, const char *hosts, char **out_first)
{
	char *copy = arena_copy_text(&cli->arena, hosts);
	char *names = arena_copy_text(&cli->arena, "");
	char *host;

	*out_first = NULL;
	if (strlen(hosts) > HOSTS_MOST)
		return NULL;
	while (names && (host = strsep(&copy, ","))) {
		bool has_address = is_address(host);

		if (!has_address && !is_host(host))
			return NULL;
		if (!*out_first)
			*out_first = host;
		names = arena_format(&cli->arena, "%s%s%s:%s", names, *names ? "," : "",
				has_address ? "IP" : "DNS", host);
	}
	return *out_first ? names : NULL;
}

static int tell_server(struct cli *cli, const char *folder)
{
	struct buffer out = { 0 };

	buffer_format(&out,
			cli_word(cli,
					"已写入 "
					"%s：ca.pem（交给调用方）、ca.key（保管好）、server."
					"pem、"
					"server.key\n服务：policycalcd --tls-cert "
					"%s/server.pem --tls-key "
					"%s/server.key ...\n调用：policycalc --tls-ca "
					"%s/ca.pem ...\n",
					"written into %s: ca.pem (for those who call), ca.key "
					"(keep it "
					"safe),\nserver.pem, server.key\n"
					"service: policycalcd --tls-cert %s/server.pem "
					"--tls-key "
					"%s/server.key ...\ncallers: policycalc --tls-ca "
					"%s/ca.pem ...\n"),
			folder, folder, folder, folder);
	return cli_write(cli, &out);
}

static int issue(struct cli *cli, const struct keygen_tls *wanted, const struct wish *wish,
		const char *name)
{
	struct pair authority = { 0 }, made = { 0 };
	int code = authority_open(cli, wanted->folder, &authority);

	if (code == CLI_OK)
		code = pair_make(&made, &authority, wish)
				       ? pair_write(cli, wanted->folder, name, &made,
							 wanted->replace)
				       : cli_out_of_memory(cli);
	pair_fini(&made);
	pair_fini(&authority);
	ERR_clear_error();
	return code;
}

static int issue_client(struct cli *cli, const struct keygen_tls *wanted, struct wish *wish)
{
	char *name = arena_format(&cli->arena, "client-%s", wanted->client);
	char *uri = arena_format(
			&cli->arena, "URI:spiffe://policycalc/client/%s", wanted->client);
	struct buffer out = { 0 };
	int code;

	if (!name || !uri)
		return cli_out_of_memory(cli);
	wish->name = wanted->client;
	wish->usage = "clientAuth";
	wish->names = uri;
	code = issue(cli, wanted, wish, name);
	if (code != CLI_OK || !wanted->roles)
		return code;
	buffer_format(&out, "%s %s uri:spiffe://policycalc/client/%s\n", wanted->client,
			wanted->roles, wanted->client);
	return cli_write(cli, &out);
}

int keygen_tls(struct cli *cli, const struct keygen_tls *wanted)
{
	struct wish wish = { .usage = "serverAuth", .days = DEFAULT_DAYS };
	long long days = DEFAULT_DAYS;
	char *first;
	int code;

	if (wanted->days && (!cli_parse_number(wanted->days, &days) || days < 1 ||
					    days > AUTHORITY_DAYS))
		return cli_usage(cli, "%s",
				cli_word(cli, "--days 需要 1 到 3650",
						"--days needs 1 to 3650"));
	wish.days = (long)days;
	if (wanted->client)
		return issue_client(cli, wanted, &wish);
	wish.names = names_of_hosts(cli, wanted->hosts, &first);
	if (!wish.names)
		return cli_usage(cli, "%s",
				cli_word(cli, "--host 需要主机名或 IP 地址，用逗号分隔",
						"--host needs names or addresses of hosts, "
						"parted by "
						"commas"));
	/* A subject has 64 bytes at most; the names that count stand elsewhere. */
	wish.name = strlen(first) <= 64 ? first : "policycalc";
	code = issue(cli, wanted, &wish, "server");
	return code == CLI_OK ? tell_server(cli, wanted->folder) : code;
}
