// What all models share. Words of shared memory are globals, one store is one statement: Spin interleaves statements,
// in one total order (weak memory is not judged here). Whoever may be killed runs `{ ... } unless { killed -> ... }`,
// and a process of its own raises `killed` at any moment or never: a crash after every store.

// A broken claim shows up in pan's output by its name, which is a constant false.
#define claim(name, condition) assert(name || (condition))
// pan ends with "invalid end state" where a process is stuck; this gives the claim a name instead.
#define at_rest(name, condition) timeout -> claim(name, condition)

#define max_of(a, b) ((a) > (b) -> (a) : (b))
