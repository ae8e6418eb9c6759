/* SPDX-License-Identifier: Apache-2.0 */
#include "workload_catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static FILE *file_open(const char *folder, const char *name, const char *mode)
{
	char path[4096];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, mode);
	if (!file)
		(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return file;
}

static bool file_close(FILE *file, const char *name)
{
	bool ok = !ferror(file);

	ok = fclose(file) == 0 && ok;
	if (!ok)
		(void)fprintf(stderr, "%s: %s\n", name, strerror(errno));
	return ok;
}

static const char *type_name(int attribute)
{
	switch (made_type(attribute)) {
	case MADE_CODE:
		return "CODE";
	case MADE_FLAG:
		return "FLAG";
	case MADE_TAGS:
		return "CODES";
	case MADE_NUMBER:
	default:
		return made_is_money(attribute)	  ? "MONEY"
		       : made_is_ratio(attribute) ? "RATIO"
						  : "COUNT";
	}
}

/* Ratios are given as such, not as a quotient of others. */
static bool attributes_write(const char *folder)
{
	FILE *out = file_open(folder, "attributes.yaml", "w");

	if (!out)
		return false;
	(void)fprintf(out, "attributes:\n");
	for (int a = 0; a < MADE_COUNT; a++)
		(void)fprintf(out,
				"  - name: %s\n    type: %s\n    period: POINT\n"
				"    label: {zh: 测算属性%d, en: 'Measured attribute %d'}\n"
				"    question: {zh: 属性%d是多少？, en: 'What is attribute "
				"%d?'}\n"
				"    sensitivity: CONFIDENTIAL\n",
				made_name(a), type_name(a), a, a, a, a);
	return file_close(out, "attributes.yaml");
}

static bool table_write(const char *folder, const char *name, const char *text)
{
	FILE *out = file_open(folder, name, "w");

	if (!out)
		return false;
	(void)fputs(text, out);
	return file_close(out, name);
}

static bool policy_write(const struct generator *generator, long number, const char *folder)
{
	struct made_policy policy;
	char name[64];
	FILE *out;

	(void)snprintf(name, sizeof(name), "policies/w%06ld.yaml", number);
	out = file_open(folder, name, "w");
	if (!out)
		return false;
	(void)fprintf(out,
			"id: w%06ld\nseries: w%06ld\n"
			"title: {zh: 测算政策%ld, en: 'Measured policy %ld'}\n"
			"summary: {zh: 第0稿：用于测算速度的虚构政策，不对应任何文件。, en: "
			"'Draft 0: "
			"made up to measure speed, of no document.'}\n"
			"level: CITY\nkind: AWARD\nsubject: ENTERPRISE\n"
			"departments: [工业和信息化局, 财政局]\n"
			"document_number: 测算〔2026〕%ld号\n"
			"sources:\n  - {doc: 测算办法, number: 测算〔2026〕%ld号, date: "
			"2026-01-01, "
			"confidence: BACKGROUND}\n"
			"in_force: {from: 2026-01-01}\nwindow_always: true\n"
			"conditions:\n  - id: scope\n    role: REQUIRE\n"
			"    label: {zh: 申报条件, en: Conditions}\n    rule: '",
			number, number, number, number, number, number);
	generator_policy(generator, (uint64_t)number, &policy);
	made_policy_print(&policy, out);
	made_policy_fini(&policy);
	(void)fprintf(out,
			"'\n    source: {doc: 测算办法, clause: 第三条, confidence: "
			"BACKGROUND}\n"
			"amount:\n  beneficiary: ENTERPRISE\n  nature: CASH\n"
			"  description: {zh: 一次性奖励, en: An award paid once}\n"
			"  rule: 'wan(%ld)'\n"
			"  source: {doc: 测算办法, clause: 第四条, confidence: BACKGROUND}\n"
			"guide:\n  materials:\n"
			"    - {code: business-licence, name: {zh: 营业执照, en: Business "
			"licence}, "
			"form: {zh: 复印件, en: Copy}}\n"
			"    - {code: statement, name: {zh: 年度财务报表, en: Annual "
			"accounts}, "
			"form: {zh: 复印件, en: Copy}}\n"
			"  steps:\n    - id: apply\n      title: {zh: 网上申报, en: Apply on "
			"line}\n"
			"      actor: {zh: 企业, en: The firm}\n"
			"      materials: [business-licence, statement]\n"
			"    - id: review\n      title: {zh: 部门审核, en: Review}\n"
			"      actor: {zh: 工业和信息化局, en: Industry bureau}\n"
			"      working_days: 15天\n      after: [apply]\n"
			"  source: {doc: 测算办法, clause: 第五条, confidence: BACKGROUND}\n",
			number % 100 + 1);
	return file_close(out, name);
}

static bool folder_make(const char *path)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return true;
	(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return false;
}

bool workload_catalog_write(const struct generator *generator, long count, const char *folder)
{
	char policies[4096];

	(void)snprintf(policies, sizeof(policies), "%s/policies", folder);
	if (!folder_make(folder) || !folder_make(policies) || !attributes_write(folder) ||
			!table_write(folder, "parameters.yaml", "parameters: []\n") ||
			!table_write(folder, "regions.yaml",
					"regions:\n  - code: 100000\n"
					"    name: {zh: 中华人民共和国, en: China}\n"
					"    kind: COUNTRY\n") ||
			!table_write(folder, "industries.yaml",
					"industries:\n  - code: C\n"
					"    name: {zh: 制造业, en: Manufacturing}\n"))
		return false;
	for (long i = 0; i < count; i++) {
		if (!policy_write(generator, i, folder))
			return false;
	}
	return true;
}

/* The digit behind 第 and behind Draft; the file keeps its length. */
bool workload_catalog_edit(const char *folder, long number)
{
	static const char first[] = "第";
	static const char second[] = "Draft ";
	char name[64];
	char text[8192];
	size_t size;
	char *zh, *en;
	FILE *file;

	(void)snprintf(name, sizeof(name), "policies/w%06ld.yaml", number);
	file = file_open(folder, name, "r+");
	if (!file)
		return false;
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = '\0';
	zh = strstr(text, first);
	en = strstr(text, second);
	if (!zh || !en) {
		(void)fprintf(stderr, "%s: not written by this program\n", name);
		(void)fclose(file);
		return false;
	}
	zh += sizeof(first) - 1;
	en += sizeof(second) - 1;
	*zh = *en = (char)('0' + (*zh - '0' + 1) % 10);
	rewind(file);
	(void)fwrite(text, 1, size, file);
	return file_close(file, name);
}
