/* SPDX-License-Identifier: Apache-2.0 */
/* Drafts: checking and publishing files, and getting the files of a revision back. */
#include "client/lib/client_internal.h"

#include "base/memory.h"

#include <string.h>

struct pcalc_check {
	struct arena arena;
	const Policycalc__V1__CheckCatalogResponse *response;
};

struct pcalc_files {
	struct arena arena;
	struct pcalc_file *list;
	size_t count;
	size_t capacity;
};

static Policycalc__V1__SourceFile source_file_from(const struct pcalc_file *file)
{
	Policycalc__V1__SourceFile message = POLICYCALC__V1__SOURCE_FILE__INIT;

	message.path = (char *)(uintptr_t)file->path;
	message.content.data = (uint8_t *)(uintptr_t)file->content;
	message.content.len = file->size;
	return message;
}

pcalc_check *pcalc_catalog_check(pcalc_client *client, const struct pcalc_file *files,
		size_t file_count, bool strict, struct pcalc_failure *failure)
{
	pcalc_check *check = handle_new(sizeof(*check), failure);
	struct call_status status = { 0 };
	ProtobufCMessage *response = NULL;
	struct call *call;

	if (!check)
		return NULL;
	call = call_start(client->channel, CATALOG_PATH "CheckCatalog",
			deadline_after(client->timeout_ms), &status);
	if (call) {
		for (size_t i = 0; i < file_count; i++) {
			Policycalc__V1__CheckCatalogRequest request =
					POLICYCALC__V1__CHECK_CATALOG_REQUEST__INIT;
			Policycalc__V1__SourceFile file = source_file_from(&files[i]);

			request.file = &file;
			request.strict = strict;
			if (!call_send(call, &request.base))
				break;
		}
		call_half_close(call);
		(void)call_receive(call, &policycalc__v1__check_catalog_response__descriptor,
				&check->arena, &response, &status);
		call_free(call);
	}
	check->response = (const Policycalc__V1__CheckCatalogResponse *)response;
	if (response)
		return check;
	if (status.code == PCALC_OK)
		(void)call_status_set(&status, PCALC_INTERNAL, "the service did not answer");
	(void)failure_from_status(failure, &status);
	pcalc_check_free(check);
	return NULL;
}

void pcalc_check_free(pcalc_check *check)
{
	handle_free(check);
}

size_t pcalc_check_count(const pcalc_check *check)
{
	return check->response->n_findings;
}

size_t pcalc_check_error_count(const pcalc_check *check)
{
	return check->response->error_count > 0 ? (size_t)check->response->error_count : 0;
}

bool pcalc_check_get(const pcalc_check *check, size_t index, struct pcalc_finding *out_finding)
{
	const Policycalc__V1__Finding *finding;

	if (index >= check->response->n_findings)
		return false;
	finding = check->response->findings[index];
	*out_finding = (struct pcalc_finding){
		.is_error = finding->severity != POLICYCALC__V1__SEVERITY__SEVERITY_WARNING,
		.path = finding->path,
		.line = finding->line,
		.column = finding->column,
		.message = finding->message,
		.excerpt = finding->excerpt,
	};
	return true;
}

bool pcalc_catalog_publish(pcalc_client *client, const struct pcalc_file *files,
		size_t file_count, const struct pcalc_publish_options *options,
		int64_t *out_revision, bool *out_unchanged, struct pcalc_failure *failure)
{
	static const struct pcalc_publish_options none = { 0 };
	const Policycalc__V1__PublishCatalogResponse *response;
	struct call_status status = { 0 };
	ProtobufCMessage *message = NULL;
	struct arena arena;
	struct call *call;

	if (!options)
		options = &none;
	arena_init(&arena, ANSWER_BUDGET);
	call = call_start(client->channel, CATALOG_PATH "PublishCatalog",
			deadline_after(client->timeout_ms), &status);
	if (call) {
		for (size_t i = 0; i < file_count; i++) {
			Policycalc__V1__PublishCatalogRequest request =
					POLICYCALC__V1__PUBLISH_CATALOG_REQUEST__INIT;
			Policycalc__V1__SourceFile file = source_file_from(&files[i]);

			request.file = &file;
			request.base_revision = options->base_revision;
			request.author = (char *)(uintptr_t)(options->author ? options->author
									     : "");
			request.note = (char *)(uintptr_t)(options->note ? options->note : "");
			request.strict = options->strict;
			if (!call_send(call, &request.base))
				break;
		}
		call_half_close(call);
		(void)call_receive(call, &policycalc__v1__publish_catalog_response__descriptor,
				&arena, &message, &status);
		call_free(call);
	}
	response = (const Policycalc__V1__PublishCatalogResponse *)message;
	if (response && out_revision)
		*out_revision = response->revision ? response->revision->number : 0;
	if (response && out_unchanged)
		*out_unchanged = response->unchanged;
	arena_fini(&arena);
	if (response)
		return true;
	if (status.code == PCALC_OK)
		(void)call_status_set(&status, PCALC_INTERNAL, "the service did not answer");
	return failure_from_status(failure, &status);
}

static bool files_append(pcalc_files *files, const Policycalc__V1__SourceFile *file)
{
	if (files->count == files->capacity) {
		size_t wanted = files->capacity ? files->capacity * 2 : 64;
		struct pcalc_file *grown =
				ARENA_NEW_ARRAY(&files->arena, struct pcalc_file, wanted);

		if (!grown)
			return false;
		if (files->count)
			memcpy(grown, files->list, files->count * sizeof(*grown));
		files->list = grown;
		files->capacity = wanted;
	}
	files->list[files->count++] = (struct pcalc_file){ file->path,
		file->content.len ? (const char *)file->content.data : "", file->content.len };
	return true;
}

pcalc_files *pcalc_catalog_export(
		pcalc_client *client, int64_t revision, struct pcalc_failure *failure)
{
	pcalc_files *files = handle_new(sizeof(*files), failure);
	Policycalc__V1__ExportCatalogRequest request =
			POLICYCALC__V1__EXPORT_CATALOG_REQUEST__INIT;
	struct call_status status = { 0 };
	ProtobufCMessage *message = NULL;
	struct call *call;
	bool ok = false;

	if (!files)
		return NULL;
	request.revision = revision;
	call = call_start(client->channel, CATALOG_PATH "ExportCatalog",
			deadline_after(client->timeout_ms), &status);
	if (call) {
		if (call_send(call, &request.base))
			call_half_close(call);
		for (;;) {
			const Policycalc__V1__ExportCatalogResponse *response;

			ok = call_receive(call,
					&policycalc__v1__export_catalog_response__descriptor,
					&files->arena, &message, &status);
			if (!ok || !message)
				break;
			response = (const Policycalc__V1__ExportCatalogResponse *)message;
			if (response->file && !files_append(files, response->file)) {
				ok = call_status_set(
						&status, PCALC_OUT_OF_MEMORY, "out of memory");
				break;
			}
		}
		call_free(call);
	}
	if (ok)
		return files;
	(void)failure_from_status(failure, &status);
	pcalc_files_free(files);
	return NULL;
}

void pcalc_files_free(pcalc_files *files)
{
	handle_free(files);
}

size_t pcalc_files_count(const pcalc_files *files)
{
	return files->count;
}

bool pcalc_files_get(const pcalc_files *files, size_t index, struct pcalc_file *out_file)
{
	if (index >= files->count)
		return false;
	*out_file = files->list[index];
	return true;
}
