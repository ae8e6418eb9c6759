/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#pragma once

#include "handlers/four_eyes.h"
#include "handlers/handlers.h"

#include <stdatomic.h>

#define HANDLERS_METHODS_MOST 48

struct handlers {
	struct handlers_options options;
	atomic_int upload_count; /* drafts in memory */
	atomic_bool is_backing_up;
	struct four_eyes four_eyes;
	struct rpc_method methods[HANDLERS_METHODS_MOST];
	const struct rpc_method *rows[HANDLERS_METHODS_MOST];
	size_t method_count;
};

/* One row a method, without its context. */
extern const struct rpc_method admin_backup_method;
extern const struct rpc_method calculator_match_method;
extern const struct rpc_method calculator_match_stream_method;
extern const struct rpc_method calculator_combine_method;
extern const struct rpc_method calculator_next_question_method;
extern const struct rpc_method catalog_list_policies_method;
extern const struct rpc_method catalog_get_policy_method;
extern const struct rpc_method catalog_list_attributes_method;
extern const struct rpc_method catalog_get_guide_method;
extern const struct rpc_method catalog_list_revisions_method;
extern const struct rpc_method catalog_diff_method;
extern const struct rpc_method catalog_export_method;
extern const struct rpc_method catalog_check_method;
extern const struct rpc_method catalog_publish_method;
extern const struct rpc_method catalog_simulate_method;
extern const struct rpc_method registry_find_method;
extern const struct rpc_method registry_import_method;
extern const struct rpc_method registry_get_enterprise_method;
extern const struct rpc_method registry_get_registry_method;
extern const struct rpc_method registry_get_subscription_method;
extern const struct rpc_method registry_set_subscription_method;
extern const struct rpc_method push_ack_method;
extern const struct rpc_method push_cancel_run_method;
extern const struct rpc_method push_confirm_method;
extern const struct rpc_method push_decide_dead_method;
extern const struct rpc_method push_get_run_method;
extern const struct rpc_method push_get_status_method;
extern const struct rpc_method push_list_deliveries_method;
extern const struct rpc_method push_list_runs_method;
extern const struct rpc_method push_pull_method;
extern const struct rpc_method push_start_run_method;
extern const struct rpc_method push_watch_run_method;
extern const struct rpc_method registry_get_report_method;
extern const struct rpc_method registry_add_counters_method;

struct handlers *call_handlers(const struct rpc_call *call);

/** Today in China Standard Time, "YYYY-MM-DD". */
void handlers_today(const struct handlers *handlers, char out_day[static 11]);
/** Now, RFC 3339 in UTC. */
void handlers_now(const struct handlers *handlers, char out_time[static 40]);

/*
 * Answers with the ruleset of @revision (0: the current one): at once when it is at hand, otherwise
 * when the store's thread has loaded it. @request lives as long as the call (no transient
 * messages). @answer finishes the call; it borrows the ruleset.
 */
typedef void (*answer_fn)(struct rpc_call *call, const ProtobufCMessage *request,
		const struct ruleset *ruleset);
void call_answer(struct rpc_call *call, const ProtobufCMessage *request, int64_t revision,
		answer_fn answer);

/*
 * What a ruleset answers at once, from the request and the day alone: the response in @arena, or NULL
 * with what is wrong.
 */
typedef const ProtobufCMessage *(*ask_fn)(const struct ruleset *ruleset,
		const ProtobufCMessage *request, const char *today, struct arena *arena,
		struct violations *out_violations, struct error *err);
/**
 * Who a call is of, for the record: the token's name, with what the request says behind a slash when it says
 * something else; without tokens what the request says. In the call's arena; NULL: memory is short.
 */
const char *call_who(struct rpc_call *call, const char *said);
/** Finishes the call: with @response, or when that is NULL with the error and its violations. */
void call_answer_with(struct rpc_call *call, const ProtobufCMessage *response,
		const struct violations *violations, const struct error *err);
/** Asks, and finishes the call with the response or with the error and its violations. */
void call_ask(struct rpc_call *call, const ProtobufCMessage *request,
		const struct ruleset *ruleset, ask_fn ask);

/**
 * The ruleset of @revision when it is at hand: *out_held says whether the caller must unref it. NULL
 * with ERROR_NONE when it must be loaded, with an error when there can be none.
 */
struct ruleset *handlers_find_ruleset(
		struct handlers *handlers, int64_t revision, bool *out_held, struct error *err);

/* A revision on its way from the store to a call. */
struct ruleset_loading {
	struct job job;
	struct rpc_call *call; /* holds a reference */
	int64_t revision;
	struct ruleset *ruleset; /* NULL: ->err */
	struct error err;
	/* On the call's loop, exactly once; does not free the loading. */
	void (*finished)(struct rpc_call *call, struct ruleset_loading *loading);
	const ProtobufCMessage *request; /* for the owner of ->finished */
	answer_fn answer;		 /* likewise */
};

/**
 * Loads @revision on the store's thread; @finished runs on the loop also when the call was
 * cancelled. false when it cannot be begun.
 */
bool ruleset_loading_start(struct rpc_call *call, int64_t revision,
		void (*finished)(struct rpc_call *call, struct ruleset_loading *loading),
		const ProtobufCMessage *request, answer_fn answer, struct error *err);

/** Finishes with the error; one whose message is "field: what is wrong" is a violation of the field. */
void call_refuse_error(struct rpc_call *call, const struct error *err);
/** Finishes with INVALID_ARGUMENT and one field violation. */
void call_refuse_field(struct rpc_call *call, const char *field, const char *description);
/** Finishes with the error and the violations that led to it. */
void call_refuse_violations(struct rpc_call *call, const struct violations *violations,
		const struct error *err);
/** Finishes a unary answer: sends @message and OK. */
void call_reply(struct rpc_call *call, const ProtobufCMessage *message);
