// Package broker keeps the token core of package core in a process of its own.
// The function asks that process for each access; it never holds a key of the
// core, and where an operation is all that it needs, not even the value.
//
// It goes beyond Liu et al., PeerJ Computer Science 11:e3029, 2025, whose scheme
// lives inside the function, and whose section "Limitations" concedes code that
// runs there. The idea is privilege separation (Provos, Friedl, Honeyman,
// "Preventing Privilege Escalation", USENIX Security 2003): the part that holds
// the keys is small and does only what was declared beforehand.
//
// # How it works
//
// [Start] is the function's first step. It starts the same program again as the
// broker, joined to it by a socket pair (unix(7), SOCK_SEQPACKET) that has no
// path and no port and takes no connection (Linux gives the broker's end an
// abstract name of its own accord, since it asks for the credentials of senders;
// connecting to that is refused), hands the environment over, and waits until the
// broker has sealed what ENCRYPTION_KEYS and the policy name, with
// [core.FromEnvironment]. Then it erases the plaintext from its own memory (package hygiene). [Serve], the
// first statement of main, is where the second process ends up. Its own
// environment and arguments never held a secret.
//
// The broker runs as another user where the system lets it: when the function is
// started as root, under a user id that nobody has (61184 to 65519, which systemd
// keeps for such use). Else it runs as the function's own user, and
// [State.Separated] says so. Both processes are non-dumpable.
//
// The broker knows its peer by SO_PEERCRED and, where the kernel has them, by
// pidfds, and looks at the sender of every single message (SCM_CREDENTIALS, which
// the kernel fills in): a descriptor that was passed to another process, or that
// a fork inherited, opens nothing, and a message from there is recorded and not
// answered.
//
// A request may open what was declared, each key as often as its budget says,
// while the runtime says that it runs ([Client.Begin], [Client.End]). A key that
// an [Operation] uses is not revealed at all.
//
// An answer travels under a mask that follows from a seed in the question, and is
// sent when the broker has wiped value and seed. However late a busy machine lets it
// go on, it holds nothing that the function has released. The
// broker holds signals back while it handles a message, so that none leaves a value
// that is in registers on a stack.
//
// What an access costs is mostly the waking of threads and processors. Where there is
// more than one processor the function therefore keeps the broker's thread on its own
// (sched_setaffinity(2)) and looks for the answer for up to 100 µs, giving way to other
// threads; after that the broker may run anywhere, and the function sleeps. On a machine
// that is so busy that this happens twice in a row it sleeps at once for the next 256
// accesses. An answer that does not come within 5 s counts as the broker's death.
//
// When the broker dies every access is denied, for good. When the function dies
// the broker ends: it reads the end of the connection, watches the function's
// pidfd and asked the kernel for a signal at its parent's death. When the guard
// in the broker terminates the instance, both end with [core.ExitTerminated].
//
// # What it does not stop
//
//   - Code that runs inside the function may do what the function may: open
//     declared keys within the budget of a request, use operations, tell the
//     broker that a request began. It cannot exceed that: no key that was not
//     declared, no value of a key that has an operation, no second opening
//     beyond the budget of one request. A request that it invents has a budget
//     too; its id is in the audit records and not among the platform's.
//   - Code that runs before Start, in an init function, finds the plaintext.
//   - Whoever runs as the same user and opens the memory of one of the processes
//     before it has made itself non-dumpable: what is open stays open.
//   - Root, and whoever may trace the processes. Where both run as one user, that
//     user can end the broker, and whoever got a descriptor of the connection can shut
//     that down, which closes everything and reveals nothing.
//   - What the function does with a value that was lent to it.
package broker
