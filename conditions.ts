import { defaultClientConditions } from 'vite';

/** Inside this repository the packages are bundled from their sources; without the condition from `dist`, as elsewhere. */
export const sourceConditions = ['@backchannel/source', ...defaultClientConditions];
