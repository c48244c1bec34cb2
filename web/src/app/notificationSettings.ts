import { withNotificationSettings } from '@backchannel/client/features/notificationSettings';
import { lateFeature } from './lateFeatures.ts';

/** The choices of what to be notified of. Part of the lazy bundle. */
export const notificationSettings = lateFeature(withNotificationSettings);
