/** What the middle of a session shows. */
export type Side = 'story' | 'trials' | 'trends' | 'report';
