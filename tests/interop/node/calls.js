// SPDX-License-Identifier: Apache-2.0
// The same daemon, seen by @grpc/grpc-js: node calls.js ADDRESS PROTO_DIR
'use strict';
const assert = require('assert');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, protoDir] = process.argv.slice(2);
const definition = loader.loadSync(
	['policycalc/v1/calculator_service.proto', 'policycalc/v1/catalog_service.proto',
		'grpc/health/v1/health.proto'],
	{ includeDirs: [protoDir], longs: Number, enums: String, defaults: true, keepCase: true });
const root = grpc.loadPackageDefinition(definition);
const plain = grpc.credentials.createInsecure();
const calculator = new root.policycalc.v1.CalculatorService(address, plain);
const catalog = new root.policycalc.v1.CatalogService(address, plain);
const health = new root.grpc.health.v1.Health(address, plain);

const unary = (client, name, request, options = {}) => new Promise((resolve, reject) =>
	client[name](request, options, (error, reply) => error ? reject(error) : resolve(reply)));
const fails = async (promise, code) => {
	try {
		await promise;
	} catch (error) {
		assert.strictEqual(error.code, code, String(error));
		return error;
	}
	throw new Error('did not end with ' + code);
};

const tests = {
	async unary() {
		const reply = await unary(calculator, 'Match', { profile: {} });
		assert.strictEqual(reply.revision, 1);
		assert(reply.answers.length > 10);
	},
	async streamInOrder() {
		const call = calculator.MatchStream();
		const ids = [];
		call.on('data', (reply) => ids.push(reply.request_id));
		for (let i = 0; i < 100; i++)
			call.write({ request_id: String(i), match: { profile: {}, limit: 1 } });
		call.end();
		await new Promise((resolve, reject) => call.on('end', resolve).on('error', reject));
		assert.deepStrictEqual(ids, [...Array(100).keys()].map(String));
	},
	async deadlineAndCancel() {
		const late = calculator.MatchStream({ deadline: Date.now() + 300 });
		late.on('data', () => {});
		await fails(new Promise((_, reject) => late.on('error', reject)),
			grpc.status.DEADLINE_EXCEEDED);
		const call = calculator.MatchStream();
		call.on('data', () => {});
		setTimeout(() => call.cancel(), 100);
		await fails(new Promise((_, reject) => call.on('error', reject)), grpc.status.CANCELLED);
	},
	async errorDetails() {
		const error = await fails(unary(calculator, 'Match', { profile: {}, revision: -1 }),
			grpc.status.INVALID_ARGUMENT);
		const [bytes] = error.metadata.get('grpc-status-details-bin');
		assert(bytes.includes('google.rpc.BadRequest') && bytes.includes('revision'));
		await fails(unary(catalog, 'GetPolicy', { id: 'nobody' }), grpc.status.NOT_FOUND);
	},
	async serverStream() {
		const paths = [];
		const call = catalog.ExportCatalog({});
		call.on('data', (reply) => paths.push(reply.file.path));
		await new Promise((resolve, reject) => call.on('end', resolve).on('error', reject));
		assert(paths.includes('attributes.yaml') && paths.length > 10);
	},
	async clientStream() {
		const reply = await new Promise((resolve, reject) => {
			const call = catalog.CheckCatalog((error, value) =>
				error ? reject(error) : resolve(value));
			call.write({ file: { path: 'policies/x.yaml', content: Buffer.from('bogus: 1\n') } });
			call.end();
		});
		assert(reply.error_count > 0 && reply.findings[0].severity === 'SEVERITY_ERROR');
	},
	async health() {
		const reply = await unary(health, 'Check', { service: '' });
		assert.strictEqual(reply.status, 'SERVING');
	},
};

(async () => {
	let failed = 0;
	for (const [name, test] of Object.entries(tests)) {
		try {
			await test();
			console.log('ok', name);
		} catch (error) {
			failed++;
			console.log('not ok', name, error);
		}
	}
	console.log(`${Object.keys(tests).length - failed} passed, ${failed} failed`);
	process.exit(failed ? 1 : 0);
})();
