/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens are immutable and read by every loop without a lock. A reload puts others in their place; the
 * old ones are freed once each loop has gone through its queue, and so holds no pointer to them any more.
 */
#include "gate.h"

#include "base/memory.h"
#include "operations/access.h"

#include <stdatomic.h>
#include <string.h>

/* Tokens of before, which a loop may still be reading. */
struct retired {
	struct retired *next;
	struct access *access;
};

struct gate {
	char *path; /* NULL: everybody may call */
	struct access *_Atomic access;
	struct retired *retired; /* to be freed at the end */
};

/*
 * A token is asked for by name, a certificate is just there: when both come the token says who it is, and one
 * that nobody knows is not made good by the certificate.
 */
static const struct access_identity *find(
		const struct access *access, const struct rpc_caller *caller)
{
	return caller->authorization.size ? access_find(access, caller->authorization)
					  : access_find_certificate(access, caller->names);
}

static const char *refuse_nobody(const struct rpc_caller *caller)
{
	if (caller->authorization.size)
		return "authorization: no such token";
	return *caller->names ? "the certificate's names stand for nobody here, and no bearer "
				"token came"
			      : "authorization: a bearer token must come with the call";
}

static enum rpc_status admit(void *context, const struct rpc_method *method,
		const struct rpc_caller *caller, struct arena *arena,
		struct rpc_identity *out_identity, const char **out_message)
{
	struct gate *gate = context;
	uint32_t wanted = access_roles_of_method(method->service, method->name);
	const struct access_identity *identity = find(atomic_load(&gate->access), caller);
	char roles[ACCESS_ROLES_SIZE];
	const char *message;

	if (!identity && wanted & ACCESS_ANYBODY) {
		*out_identity = (struct rpc_identity){ "", 0 };
		return RPC_OK;
	}
	if (!identity) {
		*out_message = refuse_nobody(caller);
		return RPC_UNAUTHENTICATED;
	}
	/* The tokens may be others before the call is over. */
	out_identity->name = arena_copy(arena, identity->name, strlen(identity->name));
	out_identity->roles = identity->roles;
	if (!out_identity->name) {
		*out_message = "out of memory while reading the headers";
		return RPC_RESOURCE_EXHAUSTED;
	}
	if (wanted & (identity->roles | ACCESS_ANYBODY))
		return RPC_OK;
	access_roles_print(wanted, roles);
	message = arena_format(arena, "this method asks for the role %s", roles);
	*out_message = message ? message : "who calls may not call this method";
	return RPC_PERMISSION_DENIED;
}

struct gate *gate_open(const char *tokens, struct error *err)
{
	struct gate *gate = memory_alloc_zero(1, sizeof(*gate));
	struct access *access = NULL;

	if (gate && tokens)
		gate->path = memory_copy(tokens, strlen(tokens));
	if (!gate || (tokens && !gate->path)) {
		error_set(err, ERROR_MEMORY, "out of memory while starting");
		gate_close(gate);
		return NULL;
	}
	if (tokens) {
		access = access_load(tokens, err);
		if (!access) {
			gate_close(gate);
			return NULL;
		}
	}
	atomic_store(&gate->access, access);
	return gate;
}

static void forget(void *argument)
{
	struct retired *retired = argument;

	access_free(retired->access);
	memory_free(retired);
}

void gate_close(struct gate *gate)
{
	if (!gate)
		return;
	while (gate->retired) {
		struct retired *next = gate->retired->next;

		forget(gate->retired);
		gate->retired = next;
	}
	access_free(atomic_load(&gate->access));
	memory_free(gate->path);
	memory_free(gate);
}

struct rpc_gate gate_rpc(struct gate *gate)
{
	return gate->path ? (struct rpc_gate){ admit, gate } : (struct rpc_gate){ NULL, NULL };
}

static void pass(void *argument, unsigned loop)
{
	(void)argument;
	(void)loop;
}

bool gate_reload(struct gate *gate, struct server *server, struct error *err)
{
	struct retired *retired;
	struct access *access;

	if (!gate->path)
		return true;
	access = access_load(gate->path, err);
	if (!access)
		return false;
	retired = memory_alloc_zero(1, sizeof(*retired));
	if (!retired) {
		access_free(access);
		return error_set(err, ERROR_MEMORY, "out of memory while reading %s",
				gate->path);
	}
	retired->access = atomic_exchange(&gate->access, access);
	if (!server_run_on_loops(server, pass, forget, retired)) {
		/* The loops could not be asked, or have ended. */
		retired->next = gate->retired;
		gate->retired = retired;
	}
	return server_review_calls(server) ||
	       error_set(err, ERROR_MEMORY,
			       "the tokens are read, and streams of those taken back could not "
			       "be ended: "
			       "out of memory");
}

size_t gate_token_count(const struct gate *gate)
{
	return gate->path ? access_count(atomic_load(&gate->access)) : 0;
}
