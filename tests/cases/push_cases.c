/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Push runs in the words of a policy officer. The first argument is what fails while they are played
 * (none, io, full, crash, kill, power, sectors, sync, memory, clock), the second the dictionary, the others are files of a world of their own. Beside the words of a catalog:
 *
 *     catalog                       forget the policies and parameters so far: another revision follows
 *     kind LOAN, confirm            of the policy above: what it is; a department confirms its news
 *     publish                       what was written is the new revision
 *     day 2026-03-01                it is that day, ten in the morning
 *     import NAME staff = 5, ...    of an enterprise, now; replace NAME ...: and all else is forgotten
 *     wish NAME opted-out           or daily, weekly, monthly, kinds LOAN ..., deltas LAPSED ...
 *     run [policy P] [changed] [since N] [revision N] [as of D] [dry]
 *     told NAME what; what          released to it in the last run: "NEWLY_ELIGIBLE p 38万元"; nothing
 *     held NAME ..., quiet NAME ... the same of what is held, or not wanted
 *     found KIND P N; ...           counts of the last run, by policy; nothing
 *     silent REASON                 of the last run
 *     states NAME A B               of all its deliveries, oldest first
 *     says NAME P zh SENTENCE       reason of the last delivery
 *     pull NAMES                    leases all there is for five minutes: just these get something
 *     take NAMES                    pull, and acknowledge each
 *     ack NAME, failed NAME [: WHY] the last lease is acknowledged, or given back; WHY it does not count
 *     again NAME                    what it was handed out last has the key and bytes of the time before
 *     wait 5min                     the clock goes on (or back: -2h)
 *     confirm P, refuse P           the department has decided, of all that is held
 */
#include "push_cases.h"
#include "effort.h"

#include "base/date.h"
#include "base/log.h"
#include "fault_vfs.h"
#include "folder.h"
#include "proto/codec/codec.h"
#include "push/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Operations of the disk, and allocations, in one run. */
#define REPLAYS_MOST 1000
#define ALLOCATIONS_MOST 1000000

/* --- enterprises ----------------------------------------------------------------------------- */

struct firm *case_firm(struct push_case *push, const char *name)
{
	struct firm *firm;

	for (size_t i = 0; i < push->firm_count; i++) {
		if (strcmp(push->firms[i].name, name) == 0)
			return &push->firms[i];
	}
	if (push->firm_count == FIRMS_MOST)
		case_broken(&push->file, "too many enterprises");
	firm = &push->firms[push->firm_count++];
	firm->name = case_keep(&push->file, name);
	(void)snprintf(firm->uscc, sizeof(firm->uscc), "91411200MA40000%03zu",
			push->firm_count);
	firm->id = (int64_t)push->firm_count;
	return firm;
}

static void read_import(struct push_case *push, char *rest, bool replace)
{
	Policycalc__V1__Profile profile = POLICYCALC__V1__PROFILE__INIT;
	struct firm *firm = case_firm(push, case_word(&push->file, &rest));

	if (!push->ruleset)
		case_broken(&push->file, "nothing is published yet");
	profile.uscc = firm->uscc;
	case_read_values(&push->file, "", case_trim(rest), &profile.attributes,
			&profile.n_attributes);
	push_world_import(&push->world, push->ruleset, &profile, push->day, replace);
}

static void read_wish(struct push_case *push, char *rest)
{
	Policycalc__V1__Subscription wish = POLICYCALC__V1__SUBSCRIPTION__INIT;
	Policycalc__V1__Kind kinds[8];
	char *deltas[8];
	struct firm *firm = case_firm(push, case_word(&push->file, &rest));
	const char *word = case_word(&push->file, &rest);
	struct error err;

	wish.uscc = firm->uscc;
	wish.kinds = kinds;
	wish.deltas = deltas;
	wish.frequency = POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_DAILY;
	if (strcmp(word, "opted-out") == 0)
		wish.opted_out = true;
	else if (strcmp(word, "weekly") == 0)
		wish.frequency = POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_WEEKLY;
	else if (strcmp(word, "monthly") == 0)
		wish.frequency = POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_MONTHLY;
	else if (strcmp(word, "kinds") == 0)
		while (*(word = case_word(&push->file, &rest)) && wish.n_kinds < 8)
			kinds[wish.n_kinds++] = (Policycalc__V1__Kind)case_enum(&push->file,
					&policycalc__v1__kind__descriptor, "KIND_", word);
	else if (strcmp(word, "deltas") == 0)
		while (*(word = case_word(&push->file, &rest)) && wish.n_deltas < 8)
			deltas[wish.n_deltas++] = case_keep(&push->file, word);
	else if (strcmp(word, "daily") != 0)
		case_broken(&push->file, "what wish is %s?", word);
	if (!registry_set_subscription(push->world.registry, &wish, &err))
		case_broken(&push->file, "%s", err.message);
}

/* --- revisions and days ---------------------------------------------------------------------- */

static void publish(struct push_case *push)
{
	struct diagnostics diagnostics;
	struct error err = { ERROR_NONE, "" };

	if (push->revision == REVISIONS_MOST)
		case_broken(&push->file, "too many revisions");
	diagnostics_init(&diagnostics, push->file.arena);
	push->file.catalog.content_hash = "";
	push->file.catalog.revision = ++push->revision;
	push->ruleset = ruleset_new(&push->file.catalog, NULL, NULL, &diagnostics, &err);
	for (size_t i = 0; !push->ruleset && i < diagnostics.count; i++)
		fprintf(stderr, "%s: %s\n", diagnostics.list[i].path,
				diagnostics.list[i].message);
	if (!push->ruleset)
		case_broken(&push->file, "%s", err.message);
	push->revisions[push->revision] = push->ruleset;
}

static void set_day(struct push_case *push, const char *day)
{
	struct date date;

	if (!date_parse(slice_from(day), &date))
		case_broken(&push->file, "%s is no day", day);
	push->day = case_keep(&push->file, day);
	push->world.now_ms =
			timestamp_from_date(date, DATE_CHINA_OFFSET).seconds * 1000 + 36000000;
}

static void read_wait(struct push_case *push, const char *text)
{
	char *unit;
	long long number = strtoll(text, &unit, 10);

	if (strcmp(unit, "min") == 0)
		number *= 60000;
	else if (strcmp(unit, "h") == 0)
		number *= 3600000;
	else if (strcmp(unit, "s") == 0)
		number *= 1000;
	else
		case_broken(&push->file, "%s is no time", text);
	push->world.now_ms += number;
}

/* --- running --------------------------------------------------------------------------------- */

static void read_run(struct push_case *push, char *rest)
{
	Policycalc__V1__StartRunRequest request = POLICYCALC__V1__START_RUN_REQUEST__INIT;
	struct push_order order = { .request = &request, .current_revision = push->revision };
	char *policies[16];
	int64_t told = 0;
	const char *word;
	struct error err;

	request.policies = policies;
	while (*(word = case_word(&push->file, &rest))) {
		if (strcmp(word, "policy") == 0 && request.n_policies < 16)
			policies[request.n_policies++] = case_word(&push->file, &rest);
		else if (strcmp(word, "changed") == 0)
			request.changed_only = true;
		else if (strcmp(word, "dry") == 0)
			request.dry_run = true;
		else if (strcmp(word, "since") == 0)
			request.since_revision = atoll(case_word(&push->file, &rest));
		else if (strcmp(word, "revision") == 0)
			request.revision = atoll(case_word(&push->file, &rest));
		else if (strcmp(word, "as") == 0 &&
				strcmp(case_word(&push->file, &rest), "of") == 0)
			request.as_of = case_word(&push->file, &rest);
		else
			case_broken(&push->file, "what is %s?", word);
	}
	order.ruleset = push->revisions[request.revision ? request.revision : push->revision];
	if (request.since_revision)
		order.since = push->revisions[request.since_revision];
	if (!case_fault_run(push, &order, &told, &err))
		case_broken(&push->file, "%s", err.message);
	if (!push_engine_get(push->world.engine, told, push->file.arena, &push->run, &err))
		case_broken(&push->file, "%s", err.message);
	if (!told && push->run->state != POLICYCALC__V1__RUN__STATE__STATE_FINISHED)
		case_fail(&push->file, "the run failed: %s", push->run->reason);
}

/* --- lines ----------------------------------------------------------------------------------- */

static bool read_policy_word(struct push_case *push, const char *keyword, char *rest)
{
	Policycalc__V1__Policy *policy = push->file.policy;

	if (!policy)
		return false;
	if (strcmp(keyword, "confirm") == 0 && !*rest)
		policy->confirm_before_push = true;
	else if (strcmp(keyword, "kind") == 0)
		policy->kind = (Policycalc__V1__Kind)case_enum(
				&push->file, &policycalc__v1__kind__descriptor, "KIND_", rest);
	else
		return false;
	return true;
}

static void read_line(struct push_case *push, char *line)
{
	char *rest = case_trim(line);
	char *keyword;

	push->file.line++;
	if (*rest == 0 || *rest == '#')
		return;
	keyword = case_word(&push->file, &rest);
	rest = case_trim(rest);
	if (strcmp(keyword, "catalog") == 0) {
		push->file.catalog = push->dictionary;
		memcpy(push->file.room, push->dictionary_room, sizeof(push->file.room));
		push->file.policy = NULL;
	} else if (strcmp(keyword, "publish") == 0) {
		publish(push);
	} else if (strcmp(keyword, "day") == 0) {
		set_day(push, rest);
	} else if (strcmp(keyword, "wait") == 0) {
		read_wait(push, rest);
	} else if (strcmp(keyword, "import") == 0 || strcmp(keyword, "replace") == 0) {
		read_import(push, rest, *keyword == 'r');
	} else if (strcmp(keyword, "wish") == 0) {
		read_wish(push, rest);
	} else if (strcmp(keyword, "run") == 0) {
		read_run(push, rest);
	} else if (!case_read_told(push, keyword, rest) &&
			!read_policy_word(push, keyword, rest) &&
			!case_read_catalog(&push->file, keyword, rest)) {
		case_broken(&push->file, "what is %s?", keyword);
	}
}

static void read_file(struct push_case *push, const char *path)
{
	FILE *in = fopen(path, "r");
	char line[4096];

	push->file.path = path;
	push->file.line = 0;
	if (!in)
		case_broken(&push->file, "cannot be read");
	while (fgets(line, sizeof(line), in))
		read_line(push, line);
	fclose(in);
}

static bool fault_is_of_disk(enum case_fault fault)
{
	return fault != CASE_FAULT_NONE && fault != CASE_FAULT_MEMORY &&
	       fault != CASE_FAULT_CLOCK;
}

/* Returns how often a fault was met. */
static unsigned run_file(const char *dictionary, const char *path, bool columns,
		enum case_fault fault, unsigned replay, int *failures, int *expectations)
{
	struct push_case push = { .day = "2026-01-01", .fault = fault, .replay = replay };
	struct arena arena;

	arena_init(&arena, (size_t)256 << 20);
	push.file.arena = &arena;
	if (fault_is_of_disk(fault))
		fault_vfs_record();
	push_world_init(&push.world, 2, columns);
	set_day(&push, push.day);
	read_file(&push, dictionary);
	push.dictionary = push.file.catalog;
	memcpy(push.dictionary_room, push.file.room, sizeof(push.file.room));
	read_file(&push, path);
	*failures += push.file.failures;
	*expectations += push.file.expectations;
	push_world_fini(&push.world);
	for (int64_t i = 1; i <= push.revision; i++)
		ruleset_unref(push.revisions[i]);
	arena_fini(&arena);
	if (push.file.failures && fault)
		fprintf(stderr, "%s: with fault %d at operation %u\n", path, (int)fault,
				replay);
	return push.hits;
}

static enum case_fault read_fault(const char *name)
{
	static const char *const names[] = { "none", "io", "full", "crash", "kill", "power",
		"sectors", "sync", "memory", "clock" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0)
			return (enum case_fault)i;
	}
	fprintf(stderr, "there is no fault %s\n", name);
	exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	enum case_fault fault = argc > 1 ? read_fault(argv[1]) : CASE_FAULT_NONE;
	unsigned most = fault == CASE_FAULT_MEMORY ? ALLOCATIONS_MOST : REPLAYS_MOST;
	bool is_long = getenv("POLICYCALC_LONG") != NULL;
	unsigned usual = fault == CASE_FAULT_MEMORY ? 16 : fault >= CASE_FAULT_POWER ? 3 : 6;
	unsigned sparsely = effort(usual, usual);
	int failures = 0;
	int expectations = 0;
	unsigned faults = 0;

	log_set_level(LOG_LEVEL_ERROR);
	folder_use_memory();
	/* SQLite's own face, so that its memory comes from where it can be failed. */
	if (fault_is_of_disk(fault))
		fault_vfs_install();
	/*
	 * Twice: asked one by one, and sifted by columns; with faults as the service does. For sanitizers each
	 * story loses power in one of the two ways, since the same code is gone through.
	 */
	for (int i = 6 + (fault != CASE_FAULT_NONE); i < 2 * argc;
			i += 1 + (fault != CASE_FAULT_NONE)) {
		bool is_power = fault == CASE_FAULT_POWER || fault == CASE_FAULT_SECTORS;
		unsigned replay = 1;
		unsigned hits = 1;

		if (is_power && effort_step(2) > 1 && i / 2 % 2 == (fault == CASE_FAULT_POWER))
			continue;
		/* One operation after the other, the later ones more sparsely, until all comes through. */
		for (; hits && replay <= most; replay += is_long ? 1 : 1 + replay / sparsely) {
			hits = run_file(argv[2], argv[i / 2], i % 2, fault, replay, &failures,
					&expectations);
			faults += hits;
		}
		failures += hits > 0;
	}
	printf("%d expectations, %d failed, %u faults\n", expectations, failures, faults);
	return failures || expectations == 0 || (fault != CASE_FAULT_NONE && faults == 0);
}
