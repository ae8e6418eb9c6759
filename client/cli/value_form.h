/* SPDX-License-Identifier: Apache-2.0 */
/* How a value of an attribute is written, for whoever has written it otherwise. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "policycalc/v1/catalog.pb-c.h"

#include <stdbool.h>

/** "金额带单位，如 3800万元、2.5亿元、12000元". Static. */
const char *value_form(bool english, Policycalc__V1__ValueType type, bool has_choices);
/** "；不小于 0人；不大于 100人": the ends of the attribute's range that are declared. */
void value_form_append_range(bool english, const Policycalc__V1__Attribute *attribute,
		struct arena *arena, struct buffer *out);
/**
 * "；“三门峡”有 3 项：…，请写全称或代码", or "；没有“灵室市”，是不是“灵宝市”？", of the first code in @text that is
 * no choice of the attribute; nothing when all are. Text that is none is said to be so. In Chinese: in English the codec's own words say it.
 */
void value_form_append_choices(const Policycalc__V1__Attribute *attribute, struct slice text,
		struct buffer *out);
