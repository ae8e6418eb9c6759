// SPDX-License-Identifier: Apache-2.0
// A caller in Node.js that does all that a caller should: deadline, retries, token, TLS, error details.
//
//     npm install @grpc/grpc-js @grpc/proto-loader
//     node match.js proto ADDRESS [--token-file FILE] [--ca FILE [--cert FILE --key FILE]]
'use strict';
const fs = require('fs');
const path = require('path');
const { parseArgs } = require('util');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const protobuf = require('protobufjs'); // comes with proto-loader

const { values: options, positionals: [protoDir, address] } = parseArgs({
	allowPositionals: true, options: { 'token-file': { type: 'string' }, ca: { type: 'string' },
		cert: { type: 'string' }, key: { type: 'string' } } });
const root = grpc.loadPackageDefinition(loader.loadSync(
	'policycalc/v1/calculator_service.proto',
	{ includeDirs: [protoDir], longs: Number, defaults: true, keepCase: true }));
const types = new protobuf.Root();
types.resolvePath = (_, name) => path.join(protoDir, name);
types.loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto'], { keepCase: true });

// The library tries again by itself what the service did not begin. Asking changes nothing, so that is always right.
const retries = JSON.stringify({ methodConfig: [{
	name: [{ service: 'policycalc.v1.CalculatorService' }],
	retryPolicy: { maxAttempts: 4, initialBackoff: '0.2s', maxBackoff: '2s', backoffMultiplier: 2,
		retryableStatusCodes: ['UNAVAILABLE'] } }] });
// Our own certificate is for a service that asks for one.
const read = (name) => name ? fs.readFileSync(name) : null;
const calculator = new root.policycalc.v1.CalculatorService(address,
	options.ca ? grpc.credentials.createSsl(read(options.ca), read(options.key), read(options.cert))
		: grpc.credentials.createInsecure(),
	{ 'grpc.service_config': retries, 'grpc.enable_retries': 1,
		'grpc.max_receive_message_length': 64 << 20 });

const metadata = () => {
	const found = new grpc.Metadata();
	if (options['token-file'])
		found.set('authorization', 'Bearer ' + fs.readFileSync(options['token-file'], 'ascii').trim());
	return found;
};

// The google.rpc detail of a kind that a failure carries, or undefined.
const detail = (error, kind) => {
	const [bytes] = error.metadata ? error.metadata.get('grpc-status-details-bin') : [];
	const decode = (name, content) => types.lookupType('google.rpc.' + name).decode(content);
	const { details } = bytes ? decode('Status', bytes) : { details: [] };
	const entry = details.find(({ type_url }) => type_url.endsWith('/google.rpc.' + kind));
	return entry && decode(kind, entry.value);
};

// One deadline for all tries. Who asks too much is told when to come again.
const ask = async (request, seconds = 10) => {
	const deadline = Date.now() + seconds * 1000;
	for (;;) {
		try {
			return await new Promise((resolve, reject) => calculator.Match(request, metadata(), { deadline },
				(error, reply) => error ? reject(error) : resolve(reply)));
		} catch (error) {
			const { retry_delay: delay } = detail(error, 'RetryInfo') || {};
			const pause = delay ? Number(delay.seconds) * 1000 + delay.nanos / 1e6 : 0;
			if (error.code !== grpc.status.RESOURCE_EXHAUSTED || !pause || Date.now() + pause > deadline)
				throw error;
			await new Promise((resolve) => setTimeout(resolve, pause));
		}
	}
};

(async () => {
	// What is not known is left out: unknown is neither zero nor "no".
	const answer = await ask({ as_of: '2026-03-01', limit: 5, profile: { attributes: [
		{ name: 'region', value: { code: '411282' } }, { name: 'industry', value: { code: 'C3130' } },
		{ name: 'staff', value: { count: 126 } },
		{ name: 'revenue', period: '2025', value: { money_fen: 8600 * 10000 * 100 } }] } });
	console.log(`revision ${answer.revision}, as of ${answer.as_of}`);
	for (const policy of answer.answers)
		console.log(policy.policy_id, policy.title.zh);

	// A question that is wrong in two ways; every mistake is named by its path. Trying again would be no use.
	try {
		await ask({ limit: -1, as_of: 'tomorrow' });
	} catch (error) {
		if (error.code !== grpc.status.INVALID_ARGUMENT)
			throw error;
		for (const violation of detail(error, 'BadRequest').field_violations)
			console.log(`wrong: ${violation.field}: ${violation.description}`);
	}
	calculator.close();
})().catch((error) => {
	console.error(String(error));
	process.exit(1);
});
