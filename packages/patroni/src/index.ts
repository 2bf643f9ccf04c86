export * from './client.ts';
export * from './heartbeat.ts';
export {
  type HttpAnswer,
  type HttpRequest,
  PatroniError,
  type RestAccess,
  type SendHttp,
  sendHttp,
} from './http.ts';
export { parseObject } from './json.ts';
export * from './member.ts';
export * from './state.ts';
export { isOn } from './truth.ts';
