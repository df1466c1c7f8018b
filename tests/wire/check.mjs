// Holds every message that a server sent in a recorded conversation against the official schema of its revision:
//   node check.mjs LOG...
// A log has one conversation a line (record.h says how). Which revision and which method a message belongs to is worked out here, from what
// was asked, and by nothing of the server's. Exit code 0: each log has messages, and each message is valid.
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import * as tasks from '@modelcontextprotocol/ext-tasks/core/v2';

const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
const MODERN = '2026-07-28';
const UNNAMED = '2025-03-26';  // what a request speaks that names no version
const CLAIM = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

const RESULTS = { 'tools/list': 'ListToolsResult', 'tools/call': 'CallToolResult', 'prompts/list': 'ListPromptsResult',
  'prompts/get': 'GetPromptResult', 'resources/list': 'ListResourcesResult', 'resources/read': 'ReadResourceResult',
  'resources/templates/list': 'ListResourceTemplatesResult', 'completion/complete': 'CompleteResult' };
const MODERN_RESULTS = { ...RESULTS, 'server/discover': 'DiscoverResult', 'subscriptions/listen': 'SubscriptionsListenResult' };
const LEGACY_RESULTS = { ...RESULTS, initialize: 'InitializeResult', ping: 'EmptyResult', 'logging/setLevel': 'EmptyResult',
  'resources/subscribe': 'EmptyResult', 'resources/unsubscribe': 'EmptyResult' };
const TASK_RESULTS = { 'tasks/get': 'GetTaskResult', 'tasks/update': 'UpdateTaskResult', 'tasks/cancel': 'CancelTaskResult' };
const ERRORS = { [-32020]: 'HeaderMismatchError', [-32021]: 'MissingRequiredClientCapabilityError',
  [-32022]: 'UnsupportedProtocolVersionError' };

// The oldest revisions, by the next one's schema and what they lack of it: types of content blocks, and members of a tool and of its result.
const LACKS = { '2025-03-26': { blocks: ['resource_link'], members: ['structuredContent', 'outputSchema'] },
  '2024-11-05': { blocks: ['resource_link', 'audio'], members: ['structuredContent', 'outputSchema'] } };

const books = {};  // by revision: the schema, and where its definitions are
function book(revision) {
  const name = LACKS[revision] ? '2025-06-18' : revision;
  if (books[name]) return books[name];
  const schema = JSON.parse(readFileSync(new URL(`schema/${name}.json`, import.meta.url), 'utf8'));
  const where = schema.$defs ? '$defs' : 'definitions';
  const ajv = addFormats.default(new (schema.$defs ? Ajv2020.default : Ajv.default)({ strict: false, allErrors: true }));
  ajv.addSchema(schema, name);
  return books[name] = { name, ajv, where, definitions: schema[where] };
}

// The first thing in a value that its revision does not know.
function stranger({ blocks, members }, value) {
  if (value === null || typeof value !== 'object') return undefined;
  if (blocks.includes(value.type)) return `a content block of type ${value.type}`;
  const member = members.find((one) => value[one] !== undefined);
  if (member) return `a member ${member}`;
  return Object.values(value).map((one) => stranger({ blocks, members }, one)).find((one) => one !== undefined);
}

// What is wrong with a value by a definition; nothing when it is valid.
function against(revision, definition, value) {
  if (revision === 'tasks') {
    const { error } = tasks[`${definition}V2Schema`].safeParse(value);
    return error && `not a ${definition} of the tasks extension: ${JSON.stringify(error.issues).slice(0, 500)}`;
  }
  const strange = LACKS[revision] && !definition.startsWith('JSONRPC') && stranger(LACKS[revision], value);
  if (strange) return `not a ${definition} of ${revision}: ${strange}`;
  const { name, ajv, where, definitions } = book(revision);
  if (!definitions[definition]) return `${revision} has no definition ${definition}`;
  const validate = ajv.getSchema(`${name}#/${where}/${definition}`);
  if (!validate(value)) return `not a ${definition} of ${revision}: ${ajv.errorsText(validate.errors).slice(0, 500)}`;
}

// The definition of a notification or a request that a server may send, by its method; what is not in the union is not allowed.
function sent(revision, message) {
  if (message.method === 'notifications/tasks') return revision === MODERN ? ['tasks', 'TaskStatusNotification'] : undefined;
  const { definitions } = book(revision);
  const union = definitions[message.id === undefined ? 'ServerNotification' : 'ServerRequest']?.anyOf ?? [];
  const name = union.map(({ $ref }) => $ref.split('/').pop()).find((one) => definitions[one].properties.method.const === message.method);
  return name && [revision, name];
}

function wrong_result(revision, method, message) {
  const modern = revision === MODERN;
  const envelope = book(revision).definitions.JSONRPCResultResponse ? 'JSONRPCResultResponse' : 'JSONRPCResponse';
  const outer = against(revision, envelope, message);
  if (outer) return outer;
  const { result } = message;
  if (modern && TASK_RESULTS[method]) return against('tasks', TASK_RESULTS[method], result);
  if (modern && method === 'tools/call' && result.resultType === 'task') return against('tasks', 'CreateTaskResult', result);
  const name = (modern ? MODERN_RESULTS : LEGACY_RESULTS)[method];
  if (!name) return `a result to ${method}, which ${revision} lacks`;
  if (modern && result.resultType === 'input_required') {
    const may = book(MODERN).definitions[`${name}Response`].properties.result.anyOf?.some(({ $ref }) => $ref.endsWith('/InputRequiredResult'));
    return may ? against(MODERN, 'InputRequiredResult', result) : `${method} may not require input`;
  }
  if (name === 'EmptyResult' && Object.keys(result).length > 0) return `the answer to ${method} must be empty`;
  return against(revision, name, result);
}

function wrong_error(revision, message) {
  // Who could not read an id leaves it out, whatever the older schemas say; they have no answer for that.
  const whose = message.id === undefined ? MODERN : revision;
  const envelope = book(whose).definitions.JSONRPCErrorResponse ? 'JSONRPCErrorResponse' : 'JSONRPCError';
  const special = ERRORS[message.error?.code];
  return against(whose, envelope, message) ?? (special && against(MODERN, special, message));
}

const parsed = (text) => {
  try { return JSON.parse(text); } catch { return undefined; }
};
const flat = (value) => (Array.isArray(value) ? value : [value]).filter((one) => one !== null && typeof one === 'object');

// What was asked, in its order: {id, method, revision, token}.
function questions({ over, version, asked }, said) {
  let agreed;
  const lines = over === 'stdio' ? asked.split('\n') : [asked];
  return lines.flatMap((line) => flat(parsed(line))).filter((one) => one.id !== undefined && one.method !== undefined).map((one) => {
    const meta = one.params?._meta;
    const modern = meta?.[CLAIM] !== undefined || meta?.[CAPABILITIES] !== undefined || version.includes(MODERN);
    let revision = modern ? MODERN : over === 'http' && LEGACY.includes(version[0]) ? version[0] : agreed ?? UNNAMED;
    if (!modern && one.method === 'initialize')
      revision = agreed = said.find(({ id, result }) => id === one.id && LEGACY.includes(result?.protocolVersion))?.result.protocolVersion ?? revision;
    return { id: one.id, method: one.method, revision, token: meta?.progressToken };
  });
}

function wrong(message, asked, over) {
  if (message.method !== undefined) {
    const token = message.params?.progressToken;
    const revisions = asked.filter((one) => over === 'http' || token === undefined || one.token === token).map((one) => one.revision);
    if (revisions.length === 0) return 'nothing was asked that it could belong to';
    const problems = [...new Set(revisions)].map((revision) => {
      const definition = sent(revision, message);
      return definition ? against(...definition, message) : `${revision} has no ${message.method} from a server`;
    });
    return problems.includes(undefined) ? undefined : problems.join('; or ');
  }
  if (message.error !== undefined && message.result !== undefined) return 'both a result and an error';
  const candidates = asked.filter((one) => one.id === message.id);
  if (candidates.length === 0) return message.error === undefined ? 'an answer to what was not asked' : wrong_error(MODERN, message);
  // An id may have been used again: one of the questions must fit.
  const problems = candidates.map((one) => (message.error !== undefined ? wrong_error(one.revision, message)
    : wrong_result(one.revision, one.method, message)));
  return problems.includes(undefined) ? undefined : problems.join('; or ');
}

// The messages of a conversation, or undefined where there is something else.
function messages({ over, said, events }) {
  if (said === null) return [undefined];
  const texts = over === 'stdio' ? said.split('\n').filter((line) => line !== '')
    : !events ? [said]
    : said.split('\n\n').filter((event) => event !== '' && !/^:[^\n]*$/.test(event.trim()))
      .map((event) => /^event: message\ndata: ([^\n]*)$/.exec(event.replace(/^(:[^\n]*\n)+/, ''))?.[1] ?? '');
  return texts.flatMap((text) => {
    const value = parsed(text);
    return value === undefined ? [undefined] : Array.isArray(value) && value.length > 0 ? value : [value];
  });
}

let failures = 0;
const kinds = new Map();
for (const file of process.argv.slice(2)) {
  let count = 0;
  for (const line of readFileSync(file, 'utf8').split('\n').filter((one) => one !== '')) {
    const conversation = JSON.parse(line);
    const said = messages(conversation);
    const asked = questions(conversation, flat(said));
    for (const message of said) {
      ++count;
      const problem = message === null || typeof message !== 'object' ? 'not a message' : wrong(message, asked, conversation.over);
      const question = asked.find(({ id }) => id === message?.id);
      const kind = message?.method ?? (message?.error ? `error ${message.error.code}` : question && `${question.revision} ${question.method}`);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (problem === undefined) continue;
      if (++failures <= 20) console.log(`${problem}\n  said:  ${JSON.stringify(message)?.slice(0, 600)}\n  asked: ${conversation.asked.slice(0, 600)}\n`);
    }
  }
  console.log(`${file}: ${count} messages`);
  if (count === 0) ++failures;
}
for (const [kind, number] of [...kinds].sort()) console.log(`${String(number).padStart(7)}  ${kind}`);
console.log(failures === 0 ? 'every message is valid' : `${failures} failures`);
process.exit(failures === 0 && process.argv.length > 2 ? 0 : 1);
