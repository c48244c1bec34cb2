/**
 * @backchannel/client/commands: the REST routes of all commands, for the option `commands`.
 */
export { COMMANDS } from './protocol.gen.ts';
