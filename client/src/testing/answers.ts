/**
 * Fixed answers of the server in memory: its limits and its refusals.
 */
import { type ErrorCode, ERRORS, type Limits } from '../protocol.gen.ts';

export const LIMITS: Limits = {
  sends_per_second: 10,
  send_burst: 60,
  commands_per_second: 30,
  changes_per_second: 1,
  change_burst: 60,
  rooms: 5000,
  rooms_created_per_day: 200,
  people_added_per_day: 2000,
  connections: 20,
  content_bytes: 16_384,
  frame_bytes: 65_536,
  page: 200,
  catch_up_events: 500,
  sync_wait_s: 25,
  resume_rooms: 1000,
  upload_chunk: 8_388_608,
  upload_size: 104_857_600,
  upload_files: 10,
  upload_quota: 2_147_483_648,
};

/** Refusals are thrown as the body of an error. */
export class Refusal extends Error {
  readonly body: { code: ErrorCode; status: number; detail: string; retry_after?: number };
  constructor(code: ErrorCode, retry_after?: number) {
    super(code);
    this.body = { code, status: ERRORS[code], detail: code, ...(retry_after !== undefined && { retry_after }) };
  }
}
