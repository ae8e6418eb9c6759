/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two quantities that no column shows stand behind the figures: how large a firm is for its industry,
 * and how much it invents. Staff, revenue, assets, R&D, patents and titles follow from them with noise of
 * their own, so that what goes together in the world goes together here.
 */
#include "client/cli/sample.h"

#include "client/cli/import_column.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- chance ----------------------------------------------------------------------------------- */

/* splitmix64: a stream for each row. */
struct chance {
	uint64_t state;
};

static uint64_t chance_next(struct chance *chance)
{
	uint64_t z = chance->state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

static double chance_unit(struct chance *chance)
{
	return (double)(chance_next(chance) >> 11) * 0x1p-53;
}

static bool chance_is(struct chance *chance, double probability)
{
	return chance_unit(chance) < probability;
}

/* Nearly normal, mean 0, deviation 1: the sum of four uniform figures out of one draw. */
static double chance_normal(struct chance *chance)
{
	uint64_t bits = chance_next(chance);
	unsigned sum = 0;

	for (int i = 0; i < 4; i++)
		sum += (unsigned)(bits >> (16 * i) & 0xffff);
	return ((double)sum / 65535.0 - 2.0) * 1.7320508;
}

/* --- what firms are like ---------------------------------------------------------------------- */

struct place {
	const char *code, *zh;
	unsigned weight;
};

/* Counties and zones of Sanmenxia; the weights are plausible, not statistics. */
static const struct place places[] = {
	{ "411202", "湖滨区", 25 },
	{ "411203", "陕州区", 14 },
	{ "411221", "渑池县", 13 },
	{ "411224", "卢氏县", 10 },
	{ "411281", "义马市", 7 },
	{ "411282", "灵宝市", 22 },
	{ "411271", "经开区", 4 },
	{ "4112Z1", "示范区", 3 },
	{ "4112Z2", "高新区", 2 },
};

struct industry {
	const char *code, *zh;
	unsigned weight;
	double staff;	/* median */
	double revenue; /* median per head, 10,000 yuan */
	double invents; /* how readily, in deviations */
};

static const struct industry industries[] = {
	{ "A01", "农业", 50, 8, 20, -0.8 },
	{ "A03", "畜牧业", 25, 10, 35, -0.9 },
	{ "B09", "有色金属矿采选业", 15, 90, 60, -0.2 },
	{ "C13", "农副食品加工业", 40, 25, 70, 0.1 },
	{ "C14", "食品制造业", 25, 28, 55, 0.2 },
	{ "C26", "化学原料和化学制品制造业", 25, 60, 110, 0.7 },
	{ "C27", "医药制造业", 12, 60, 80, 1.1 },
	{ "C30", "非金属矿物制品业", 55, 35, 70, 0.2 },
	{ "C32", "有色金属冶炼和压延加工业", 25, 120, 220, 0.6 },
	{ "C33", "金属制品业", 30, 28, 65, 0.4 },
	{ "C34", "通用设备制造业", 35, 32, 60, 0.8 },
	{ "C35", "专用设备制造业", 35, 34, 62, 1.0 },
	{ "C36", "汽车制造业", 12, 70, 80, 0.8 },
	{ "C38", "电气机械和器材制造业", 20, 45, 85, 0.9 },
	{ "C39", "计算机、通信和其他电子设备制造业", 14, 70, 75, 1.2 },
	{ "E48", "土木工程建筑业", 50, 25, 60, -0.5 },
	{ "E50", "建筑装饰、装修和其他建筑业", 45, 12, 40, -0.7 },
	{ "F51", "批发业", 160, 6, 180, -1.2 },
	{ "F52", "零售业", 130, 6, 60, -1.4 },
	{ "G54", "道路运输业", 45, 15, 40, -1.2 },
	{ "H62", "餐饮业", 40, 12, 15, -1.6 },
	{ "I65", "软件和信息技术服务业", 40, 10, 40, 1.3 },
	{ "L72", "商务服务业", 70, 8, 30, -0.9 },
	{ "M73", "研究和试验发展", 10, 14, 35, 1.6 },
	{ "M74", "专业技术服务业", 30, 14, 35, 0.6 },
	{ "M75", "科技推广和应用服务业", 30, 9, 30, 0.9 },
};

struct title {
	const char *code, *zh;
	double invents; /* needed */
	double share;	/* of those who could */
	int months;	/* of validity */
};

static const struct title titles[] = {
	{ "htne", "高新技术企业", 1.0, 0.6, 36 },
	{ "tech_sme", "科技型中小企业", 0.5, 0.7, 12 },
	{ "innovative_sme", "创新型中小企业", 0.8, 0.45, 36 },
	{ "srdi", "专精特新中小企业", 1.4, 0.4, 36 },
	{ "little_giant", "专精特新“小巨人”企业", 2.3, 0.35, 36 },
};

struct firm {
	const struct place *place, *statistical;
	const struct industry *industry;
	struct date founded;
	int64_t staff;
	double size, invents; /* what no column shows */
	double revenue[3];    /* fen; the last year first */
	double research[3];
	bool researches;
};

static size_t pick(struct chance *chance, const void *list, size_t count, size_t size,
		size_t weight_at)
{
	const char *at = list;
	unsigned total = 0;
	unsigned weight;
	unsigned drawn;
	size_t i;

	for (i = 0; i < count; i++) {
		memcpy(&weight, at + i * size + weight_at, sizeof(weight));
		total += weight;
	}
	drawn = (unsigned)(chance_unit(chance) * total);
	for (i = 0; i + 1 < count; i++) {
		memcpy(&weight, at + i * size + weight_at, sizeof(weight));
		if (drawn < weight)
			break;
		drawn -= weight;
	}
	return i;
}

#define PICK(chance, list)                                                                     \
	(&(list)[pick(chance, list, sizeof(list) / sizeof((list)[0]), sizeof((list)[0]),       \
			(size_t)((const char *)&(list)[0].weight - (const char *)(list)))])

static void firm_make(const struct sample *sample, struct chance *chance, struct firm *firm)
{
	int64_t today = date_to_days(sample->day);
	double growth;
	double share;

	firm->place = PICK(chance, places);
	firm->statistical = chance_is(chance, 0.97) ? firm->place : PICK(chance, places);
	firm->industry = PICK(chance, industries);
	firm->size = chance_normal(chance);
	firm->invents = 0.55 * chance_normal(chance) + 0.35 * firm->size +
			0.6 * firm->industry->invents - 0.2;
	firm->founded = date_from_days(
			today - 30 - (int64_t)(-log(1 - chance_unit(chance)) * 3000) % 14000);
	firm->staff = (int64_t)(firm->industry->staff * exp(1.05 * firm->size)) + 1;
	firm->revenue[0] = (double)firm->staff * firm->industry->revenue * 1e6 *
			   exp(0.6 * chance_normal(chance));
	firm->researches = firm->invents > 0.1;
	share = exp(-3.6 + 0.45 * firm->invents + 0.5 * chance_normal(chance));
	firm->research[0] =
			firm->researches ? firm->revenue[0] * (share > 0.5 ? 0.5 : share) : 0;
	for (int i = 1; i < 3; i++) {
		growth = exp(0.06 + 0.18 * chance_normal(chance));
		firm->revenue[i] = firm->revenue[i - 1] / growth;
		firm->research[i] = firm->research[i - 1] / growth *
				    exp(0.15 * chance_normal(chance));
	}
}

/* --- a line ----------------------------------------------------------------------------------- */

struct line {
	const struct sample *sample;
	struct chance chance; /* which values are missing, and what is small */
	struct buffer *out;
};

/* A cell begins; false when its value is missing. */
static bool cell_begin(struct line *line, double missing)
{
	buffer_append_char(line->out, ',');
	return !chance_is(&line->chance, missing);
}

static void text_cell(struct line *line, double missing, const char *text)
{
	if (cell_begin(line, missing))
		buffer_append_text(line->out, text);
}

static void integer_append(struct buffer *out, int64_t value)
{
	char text[24];
	char *at = text + sizeof(text);
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		*--at = (char)('0' + left % 10);
	} while (left /= 10);
	if (value < 0)
		*--at = '-';
	buffer_append(out, at, (size_t)(text + sizeof(text) - at));
}

static void count_cell(struct line *line, double missing, double count)
{
	if (cell_begin(line, missing))
		integer_append(line->out, count < 0 ? 0 : (int64_t)count);
}

/* Two digits behind the point: 10,000 yuan, or percent. */
static void hundredths_append(struct buffer *out, int64_t hundredths)
{
	if (hundredths < 0)
		buffer_append_char(out, '-');
	hundredths = hundredths < 0 ? -hundredths : hundredths;
	integer_append(out, hundredths / 100);
	buffer_append_char(out, '.');
	buffer_append_char(out, (char)('0' + hundredths / 10 % 10));
	buffer_append_char(out, (char)('0' + hundredths % 10));
}

static void money_cell(struct line *line, double missing, double fen)
{
	if (cell_begin(line, missing))
		hundredths_append(line->out, fen < 0 ? 0 : (int64_t)(fen / 1e4));
}

static void percent_cell(struct line *line, double missing, double share)
{
	if (cell_begin(line, missing))
		hundredths_append(line->out, (int64_t)floor(share * 1e4));
}

static void flag_cell(struct line *line, double missing, double probability)
{
	bool flag = chance_is(&line->chance, probability);

	if (cell_begin(line, missing))
		buffer_append_text(line->out, line->sample->english ? (flag ? "true" : "false")
					      : flag		    ? "是"
								    : "否");
}

static void date_cell(struct line *line, struct date date)
{
	char text[11];

	date_print(date, text);
	text_cell(line, 0.01, text);
}

static const char *spelled(const struct line *line, const char *code, const char *zh)
{
	return line->sample->english ? code : zh;
}

static void titles_cell(struct line *line, const struct firm *firm)
{
	struct buffer *out = line->out;
	size_t count = 0;

	if (!cell_begin(line, 0.05))
		return;
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		int64_t last = date_to_days(line->sample->day) - 200 +
			       (int64_t)(chance_unit(&line->chance) * titles[i].months * 30);
		struct date until = date_from_days(last);
		char text[11];

		if (firm->invents < titles[i].invents ||
				!chance_is(&line->chance, titles[i].share))
			continue;
		until.day = date_days_in_month(until.year, until.month);
		date_print(until, text);
		buffer_append_text(out, count++ ? ";" : "");
		buffer_append_text(out, spelled(line, titles[i].code, titles[i].zh));
		buffer_append_char(out, ':');
		buffer_append_text(out, text);
	}
	if (!count)
		buffer_append_text(out, spelled(line, "none", "无"));
}

static void platforms_cell(struct line *line, const struct firm *firm)
{
	bool own = firm->invents > 0.8 && chance_is(&line->chance, 0.4);
	bool city = firm->invents > 1.2 && chance_is(&line->chance, 0.4);
	bool provincial = firm->invents > 1.8 && chance_is(&line->chance, 0.4);

	if (!cell_begin(line, 0.1))
		return;
	if (own)
		buffer_append_text(line->out, spelled(line, "own", "企业自建研发机构"));
	if (city) {
		buffer_append_text(line->out, own ? ";" : "");
		buffer_append_text(line->out, spelled(line, "city", "市级研发平台"));
	}
	if (provincial) {
		buffer_append_text(line->out, own || city ? ";" : "");
		buffer_append_text(line->out, spelled(line, "provincial", "省级研发平台"));
	}
	if (!own && !city && !provincial)
		buffer_append_text(line->out, spelled(line, "none", "无"));
}

/* GB 11714: the check character of the nine of an organisation. */
static char organisation_check(const char *eight)
{
	static const int weights[] = { 3, 7, 9, 10, 5, 8, 4, 2 };
	int sum = 0;

	for (int i = 0; i < 8; i++)
		sum += (eight[i] - '0') * weights[i];
	sum = 11 - sum % 11;
	return (char)(sum == 10 ? 'X' : sum == 11 ? '0' : '0' + sum);
}

/* 91, the division 999999, the row's number, and both check characters as GB 32100 has them. */
static void uscc_print(uint64_t number, char out[19])
{
	static const char symbols[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
	int weight = 1;
	int sum = 0;

	(void)snprintf(out, 19, "91999999%08llu", (unsigned long long)(number % 100000000));
	out[16] = organisation_check(out + 8);
	for (int i = 0; i < 17; i++) {
		sum += (int)(strchr(symbols, out[i]) - symbols) * weight;
		weight = weight * 3 % 31;
	}
	out[17] = symbols[(31 - sum % 31) % 31];
	out[18] = '\0';
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Headings: name, label, years before the last full one (-1: no period), unit. */
static const struct {
	const char *name, *zh;
	int ago;
	const char *unit;
} columns[] = {
	{ "region", "注册地", -1, "" },
	{ "statistical_region", "统计归属地", -1, "" },
	{ "industry", "行业", -1, "" },
	{ "registered_on", "成立日期", -1, "" },
	{ "org_type", "组织类型", -1, "" },
	{ "mainland_resident", "中国境内（不含港澳台）居民企业", -1, "" },
	{ "private_enterprise", "民营企业", -1, "" },
	{ "staff", "职工总数", -1, "" },
	{ "revenue", "营业收入", 0, "万元" },
	{ "revenue", "营业收入", 1, "万元" },
	{ "revenue", "营业收入", 2, "万元" },
	{ "assets", "资产总额", 0, "万元" },
	{ "liabilities", "负债总额", 0, "万元" },
	{ "taxable_income", "年应纳税所得额（加计扣除前）", 0, "万元" },
	{ "rd_expense", "研发投入", 0, "万元" },
	{ "rd_expense", "研发投入", 1, "万元" },
	{ "rd_expense", "研发投入", 2, "万元" },
	{ "rd_deduction_filed", "税务申报加计扣除的研发费用", 0, "万元" },
	{ "rd_domestic_share", "境内研发费用占比", -1, "%" },
	{ "tech_staff", "科技人员数", -1, "" },
	{ "rd_staff", "研发人员数", -1, "" },
	{ "high_tech_income", "高新技术产品（服务）收入", 0, "万元" },
	{ "total_income", "总收入", 0, "万元" },
	{ "cost_expense", "成本费用总额", 0, "万元" },
	{ "main_business_share", "主营业务收入占比", 0, "%" },
	{ "main_revenue_growth", "主营业务收入增长率", 0, "%" },
	{ "titles", "有效称号", -1, "" },
	{ "rd_platforms", "研发平台", -1, "" },
	{ "core_ip_owned", "拥有对主要产品核心技术起支持作用的知识产权", -1, "" },
	{ "main_product_ip_3y", "近三年与主要产品相关的知识产权数", -1, "" },
	{ "class1_ip", "Ⅰ类知识产权数", -1, "" },
	{ "class2_ip", "Ⅱ类知识产权数", -1, "" },
	{ "niche_years", "从事特定细分市场年限", -1, "" },
	{ "unemployment_insured_staff", "上年末失业保险参保人数", -1, "" },
	{ "audited_collection", "实行查账征收", -1, "" },
	{ "rd_ledger", "设置研发费用辅助账", -1, "" },
	{ "vat_small_scale", "增值税小规模纳税人", -1, "" },
	{ "in_statistics_library", "纳入规上工业统计库", -1, "" },
	{ "rd_statistics_included", "纳入企业研发统计", -1, "" },
	{ "restricted_industry", "从事限制、禁止或淘汰类行业（产品）", -1, "" },
	{ "listed_abnormal_or_dishonest", "列入经营异常名录或严重违法失信名单", -1, "" },
	{ "wage_arrears", "拖欠职工工资", -1, "" },
	{ "social_insurance_arrears", "欠缴社会保险费", -1, "" },
};

void sample_append_headings(const struct sample *sample, struct buffer *out)
{
	buffer_append_text(out, sample->english ? "uscc,name," SAMPLE_MARK
						: "统一社会信用代码,企业名称," SAMPLE_MARK);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		buffer_format(out, ",%s", sample->english ? columns[i].name : columns[i].zh);
		if (columns[i].ago >= 0)
			buffer_format(out, "@%04d", sample->day.year - 1 - columns[i].ago);
		if (*columns[i].unit)
			buffer_format(out, "(%s)", columns[i].unit);
	}
	buffer_append_char(out, '\n');
}

static void figures_append(struct line *line, const struct firm *firm)
{
	struct chance *chance = &line->chance;
	double revenue = firm->revenue[0];
	double assets = revenue * exp(0.1 + 0.5 * chance_normal(chance));
	double margin = 0.05 + 0.06 * chance_normal(chance);
	double debt = 0.5 + 0.16 * chance_normal(chance);
	double inventing = firm->invents > 0 ? firm->invents : 0;

	for (int i = 0; i < 3; i++)
		money_cell(line, 0.04 + 0.04 * i, firm->revenue[i]);
	money_cell(line, 0.06, assets);
	money_cell(line, 0.06, assets * (debt < 0.05 ? 0.05 : debt));
	money_cell(line, 0.08, revenue * margin);
	for (int i = 0; i < 3; i++)
		money_cell(line, 0.08 + 0.04 * i, firm->research[i]);
	money_cell(line, 0.1, firm->research[0] * (0.6 + 0.4 * chance_unit(chance)));
	percent_cell(line, firm->researches ? 0.15 : 0.6, 0.9 + 0.1 * chance_unit(chance));
	count_cell(line, 0.08, (double)firm->staff * (0.02 + 0.12 * inventing));
	count_cell(line, 0.1, (double)firm->staff * (0.01 + 0.08 * inventing));
	money_cell(line, 0.12, revenue * (inventing / (inventing + 1)));
	money_cell(line, 0.05, revenue * (1 + 0.03 * chance_unit(chance)));
	money_cell(line, 0.06, revenue * (1 - margin));
	percent_cell(line, 0.08, 1 - 0.3 * chance_unit(chance) * chance_unit(chance));
	percent_cell(line, 0.06, firm->revenue[0] / firm->revenue[1] - 1);
}

void sample_append_row(const struct sample *sample, uint64_t number, struct buffer *out)
{
	struct chance chance = { sample->seed * 0xd1342543de82ef95U + number };
	struct line line = { .sample = sample, .out = out };
	double inventing;
	struct firm firm;
	char uscc[19];

	firm_make(sample, &chance, &firm);
	line.chance = chance;
	inventing = firm.invents > 0 ? firm.invents : 0;
	uscc_print(number, uscc);
	buffer_append_text(out, uscc);
	buffer_append_text(out, sample->english ? ",Made-up Enterprise " : ",示例企业");
	integer_append(out, (int64_t)number);
	buffer_append_text(out, sample->english ? ",true" : "(虚构),是");

	text_cell(&line, 0, spelled(&line, firm.place->code, firm.place->zh));
	/* Statistics count every firm somewhere: the monthly report refuses what it cannot place. */
	text_cell(&line, 0, spelled(&line, firm.statistical->code, firm.statistical->zh));
	text_cell(&line, 0.01, spelled(&line, firm.industry->code, firm.industry->zh));
	date_cell(&line, firm.founded);
	text_cell(&line, 0.01, spelled(&line, "enterprise", "企业"));
	flag_cell(&line, 0.03, 0.995);
	flag_cell(&line, 0.05, 0.9);
	count_cell(&line, 0.02, (double)firm.staff);
	figures_append(&line, &firm);
	titles_cell(&line, &firm);
	platforms_cell(&line, &firm);
	flag_cell(&line, 0.1, inventing > 0.6 ? 0.7 : 0.05);
	count_cell(&line, 0.1, inventing * 6 * chance_unit(&line.chance));
	count_cell(&line, 0.1, inventing * 3 * chance_unit(&line.chance));
	count_cell(&line, 0.1, inventing * 12 * chance_unit(&line.chance));
	count_cell(&line, 0.2,
			chance_unit(&line.chance) * (sample->day.year - firm.founded.year));
	count_cell(&line, 0.08, (double)firm.staff * (0.7 + 0.3 * chance_unit(&line.chance)));
	flag_cell(&line, 0.05, 0.85);
	flag_cell(&line, 0.15, firm.researches ? 0.7 : 0.02);
	flag_cell(&line, 0.05, firm.revenue[0] < 5e8 ? 0.9 : 0.05);
	flag_cell(&line, 0.03,
			firm.industry->code[0] == 'C' && firm.revenue[0] > 2e9 ? 0.97 : 0);
	flag_cell(&line, 0.06, firm.researches && firm.revenue[0] > 2e9 ? 0.8 : 0.05);
	flag_cell(&line, 0.1, 0.01);
	flag_cell(&line, 0.02, 0.02);
	flag_cell(&line, 0.1, 0.01);
	flag_cell(&line, 0.1, 0.02);
	buffer_append_char(out, '\n');
}
