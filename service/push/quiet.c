/* SPDX-License-Identifier: Apache-2.0 */
#include "push/quiet.h"

#include "push/delta.h"

#include <string.h>

bool quiet_wants(const Policycalc__V1__Subscription *wish, Policycalc__V1__DeltaKind kind,
		Policycalc__V1__Kind policy_kind)
{
	bool wanted;

	if (!wish)
		return true;
	if (wish->opted_out)
		return false;
	wanted = wish->n_kinds == 0;
	for (size_t i = 0; !wanted && i < wish->n_kinds; i++)
		wanted = wish->kinds[i] == policy_kind;
	if (!wanted || wish->n_deltas == 0)
		return wanted;
	for (size_t i = 0; i < wish->n_deltas; i++) {
		if (strcmp(wish->deltas[i], delta_kind_name(kind)) == 0)
			return true;
	}
	return false;
}

int32_t quiet_not_before(const Policycalc__V1__Subscription *wish, int32_t last, int32_t today)
{
	int32_t days = 0;

	if (!wish || !last)
		return 0;
	if (wish->frequency == POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_WEEKLY)
		days = 7;
	else if (wish->frequency == POLICYCALC__V1__SUBSCRIPTION__FREQUENCY__FREQUENCY_MONTHLY)
		days = 30;
	return days && last + days > today ? last + days : 0;
}
