/**
 * What a policy may ask of keys by their models: read and carried to the host under the same bounds, so that no policy
 * that is taken fails on its way. Both together make a message of little more than a megabyte; browsers carry 64 to a host.
 */

/** Lists of models that a key may be allowed by, one for each profile of the policy. */
export const MAX_MODEL_LISTS = 32;

/** Models (AAGUIDs) in one of them. */
export const MAX_MODELS_IN_LIST = 1024;
