/** Replaced by the bundler; absent when the sources run as they are. */
declare const __KEYSTILE_VERSION__: string | undefined;
declare const __KEYSTILE_RELEASE__: boolean | undefined;

/** Version of the product; `0.0.0-source` when the sources run without a build. */
export const HOST_VERSION = typeof __KEYSTILE_VERSION__ === 'string' ? __KEYSTILE_VERSION__ : '0.0.0-source';

/** A release build has no development transport. */
export const IS_RELEASE = typeof __KEYSTILE_RELEASE__ === 'boolean' && __KEYSTILE_RELEASE__;
