/* SPDX-License-Identifier: Apache-2.0 */
/* The whole policycalc client library. */
#ifndef POLICYCALC_POLICYCALC_H
#define POLICYCALC_POLICYCALC_H

#include "policycalc/catalog.h"
#include "policycalc/client.h"
#include "policycalc/combine.h"
#include "policycalc/diff.h"
#include "policycalc/find.h"
#include "policycalc/guide.h"
#include "policycalc/match.h"
#include "policycalc/profile.h"
#include "policycalc/push.h"
#include "policycalc/question.h"
#include "policycalc/registry.h"
#include "policycalc/report.h"
#include "policycalc/simulate.h"
#include "policycalc/types.h"

#endif
