/*
 * Lists, inputs and logs say who was offered what, so other users get no access. What the group may do follows from the
 * umask: 0640 and 0750 with the usual 022; 0660 and 0770 with 002, if services run as several users of one group.
 */

/** Of files with users' data, before the umask. */
export const FILE_MODE = 0o660;
/** Of directories with such files, before the umask. */
export const DIRECTORY_MODE = 0o770;
