/** Where the page of the queues is served. Its module is loaded only if it is. */
export const QUEUES_PATH = "/queues";
