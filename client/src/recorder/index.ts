/**
 * @backchannel/client/recorder: what this client saw of its connection, reported to the server.
 *
 *   const recorder = createRecorder({ client, auth });
 *   const chat = createFullChat(recorder.options, recorder.feature);
 */
export { createRecorder, type Recorder, type RecorderChat, type RecorderStorage, type Sign } from './recorder.ts';
