// SPDX-License-Identifier: Apache-2.0
// gRPC's interop cases from @grpc/grpc-js against testing_server: node interop.js ADDRESS PROTO
'use strict';
const assert = require('assert');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, proto] = process.argv.slice(2);
const { testing } = grpc.loadPackageDefinition(loader.loadSync(proto, { keepCase: true })).grpc;
const plain = grpc.credentials.createInsecure();
const service = new testing.TestService(address, plain);
const packing = new testing.TestService(address, plain, { 'grpc.default_compression_algorithm': 2 });
const unknown = new testing.UnimplementedService(address, plain);
const limit = () => ({ deadline: Date.now() + 20000 });
const zeros = (size) => ({ body: Buffer.alloc(size) });
const large = (more) => ({ response_size: 314159, payload: zeros(271828), ...more });
const wanted = (size, question) => ({ response_parameters: [{ size }], payload: zeros(question) });
const size = (reply) => {
	assert(reply.payload.body.every((byte) => byte === 0));
	return reply.payload.body.length;
};
const echo = () => {
	const metadata = new grpc.Metadata();
	metadata.set('x-grpc-test-echo-initial', 'test_initial_metadata_value');
	metadata.set('x-grpc-test-echo-trailing-bin', Buffer.from('ababab', 'hex'));
	return metadata;
};

const unary = (client, name, request) => new Promise((resolve, reject) =>
	client[name](request, limit(), (error, reply) => error ? reject(error) : resolve(reply)));
const ends = (call, onData = () => {}) => new Promise((resolve, reject) => {
	const found = [];
	call.on('data', (reply) => { found.push(size(reply)); onData(found.length); });
	call.on('error', reject);
	call.on('end', () => resolve(found));
});
const fails = async (promise, code, text) => {
	try {
		await promise;
	} catch (error) {
		assert.strictEqual(error.code, code, String(error));
		if (text !== undefined)
			assert.strictEqual(error.details, text);
		return;
	}
	throw new Error('did not end with ' + code);
};
const inputs = (client, messages) => new Promise((resolve, reject) => {
	const call = client.StreamingInputCall(limit(), (error, reply) =>
		error ? reject(error) : resolve(reply.aggregated_payload_size));
	messages.forEach((message) => call.write(message));
	call.end();
});
const statuses = async (message) => {
	const response_status = { code: 2, message };
	await fails(unary(service, 'UnaryCall', { response_status }), 2, message);
	const call = service.FullDuplexCall(limit());
	call.write({ response_status });
	call.end();
	await fails(ends(call), 2, message);
};

const tests = {
	empty_unary: async () => assert.deepStrictEqual(await unary(service, 'EmptyCall', {}), {}),
	large_unary: async () =>
		assert.strictEqual(size(await unary(service, 'UnaryCall', large())), 314159),
	async client_streaming() {
		const messages = [27182, 8, 1828, 45904].map((n) => ({ payload: zeros(n) }));
		assert.strictEqual(await inputs(service, messages), 74922);
	},
	async server_streaming() {
		const response_parameters = [31415, 9, 2653, 58979].map((n) => ({ size: n }));
		assert.deepStrictEqual(await ends(service.StreamingOutputCall(
			{ response_parameters }, limit())), [31415, 9, 2653, 58979]);
	},
	async ping_pong() {
		const questions = [[31415, 27182], [9, 8], [2653, 1828], [58979, 45904]];
		const call = service.FullDuplexCall(limit());
		const next = (n) => n < 4 ? call.write(wanted(...questions[n])) : call.end();
		next(0);
		assert.deepStrictEqual(await ends(call, next), [31415, 9, 2653, 58979]);
	},
	async empty_stream() {
		const call = service.FullDuplexCall(limit());
		call.end();
		assert.deepStrictEqual(await ends(call), []);
	},
	async custom_metadata() {
		const echoed = (call) => Promise.all([
			new Promise((resolve) => call.on('metadata', (m) =>
				resolve(m.get('x-grpc-test-echo-initial')))),
			new Promise((resolve) => call.on('status', ({ metadata }) =>
				resolve(metadata.get('x-grpc-test-echo-trailing-bin')))),
		]);
		const sent = [['test_initial_metadata_value'], [Buffer.from('ababab', 'hex')]];
		assert.deepStrictEqual(await echoed(service.UnaryCall(large(), echo(), limit(), () => {})),
			sent);
		const call = service.FullDuplexCall(echo(), limit());
		const seen = echoed(call);
		call.write(wanted(314159, 271828));
		call.end();
		assert.deepStrictEqual(await ends(call), [314159]);
		assert.deepStrictEqual(await seen, sent);
	},
	status_code_and_message: () => statuses('test status message'),
	special_status_message: () => statuses(
		'\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP \u{1F608}\t\n'),
	unimplemented_method: () => fails(unary(service, 'UnimplementedCall', {}), 12),
	unimplemented_service: () => fails(unary(unknown, 'UnimplementedCall', {}), 12),
	cancel_after_begin: () => fails(new Promise((resolve, reject) =>
		service.StreamingInputCall(limit(), (error) => error ? reject(error) : resolve()).cancel()), 1),
	async cancel_after_first_response() {
		const call = service.FullDuplexCall(limit());
		call.write(wanted(31415, 27182));
		await fails(ends(call, () => call.cancel()), 1);
	},
	async timeout_on_sleeping_server() {
		const call = service.FullDuplexCall({ deadline: Date.now() + 1 });
		call.write({ payload: zeros(27182) });
		await fails(ends(call), 4);
		await fails(ends(service.StreamingOutputCall(
			{ response_parameters: [{ size: 1, interval_us: 10000000 }] },
			{ deadline: Date.now() + 200 })), 4);
	},
	async client_compressed() {
		const expect_compressed = { value: true };
		await fails(unary(service, 'UnaryCall', large({ expect_compressed })), 3);
		assert.strictEqual(size(await unary(packing, 'UnaryCall', large({ expect_compressed }))),
			314159);
		assert.strictEqual(await inputs(packing, [27182, 45904].map((n) =>
			({ expect_compressed, payload: zeros(n) }))), 73086);
	},
	async server_compressed() {
		for (const value of [true, false])
			assert.strictEqual(size(await unary(service, 'UnaryCall',
				large({ response_compressed: { value } }))), 314159);
		assert.deepStrictEqual(await ends(service.StreamingOutputCall({ response_parameters: [
			{ size: 31415, compressed: { value: true } },
			{ size: 92653, compressed: { value: false } }] }, limit())), [31415, 92653]);
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
