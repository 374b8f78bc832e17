"""Text as applications for developers keep it: notes, plans, code, commands, JSON. Seeded: equal seeds, equal text."""

import json

NOUNS = """adapter agent anchor api archive argument array assertion attachment backup baseline batch binding block branch
bridge browser bucket buffer budget bundle cache callback candidate caller change channel checkpoint checksum child
client clock cluster code column command commit comparison component condition config connection constraint container
context contract copy counter coverage credential cursor daemon dashboard database deadline decision decorator default
delay dependency description design digest directory document duplicate edge editor element embedding encoder endpoint
entry environment error estimate event example exception exit expression extension failure feature field file filter
fixture flag folder footer format fragment frame function gateway generator graph group guard hash header heading history
hook host identifier image import index input instance interface interval invariant issue iteration job journal key label
latency layer layout ledger library limit line link list listener loader lock log loop machine marker mask memory merge
message method metric migration mode model module monitor name namespace network node note number object observation
offset operation option order outcome output owner package packet page parameter parent parser password patch path pattern
payload permission phase pipeline plan plugin point policy pool port prefix preset preview process profile project prompt
proof property protocol proxy query queue quota range rate reader reason record reference region registry release remote
renderer repository request reset resource response result retry review role rollback root route row rule runner sample
scan schedule schema scope screen script search section selector sequence server service session setting setup shape
signal size snapshot socket source stack stage state statement step storage store strategy stream string struct subset
suffix suite summary switch symbol table tag target task template terminal test thread threshold timeout timer timestamp
token tool trace transaction transform tree trigger type update upload user validator value variable vector version view
walker warning watcher widget window wizard worker workflow wrapper writer zone""".split()

VERBS = """accepts adds answers applies appends asks assigns avoids blocks breaks builds calls cancels changes checks clears
closes collects commits compares computes copies counts creates decides defines deletes depends describes detects drops
duplicates emits encodes ends escapes evaluates exits expects expires exports extends fails fetches fills filters finds
finishes fixes flushes follows forgets formats generates groups guards handles hashes hides holds ignores imports
increments inherits inserts invalidates joins keeps leaks limits links lists loads locks logs loses maps marks masks
matches measures merges misses mounts moves names needs normalises omits opens orders overrides overwrites parses passes
pins polls prefers prints propagates protects pulls pushes queues raises reads rebuilds receives records recovers reduces
refreshes refuses registers rejects releases reloads removes renames renders replaces reports resets resolves restarts
restores retries returns reuses runs saves scans schedules seals searches selects sends serves shadows shows skips sorts
splits starts stops stores strips swallows tests tracks trims truncates unlocks unwraps updates uses validates waits wakes
walks warns watches wraps writes yields""".split()

ADJECTIVES = """absolute active actual ambiguous asynchronous atomic available bounded broken cached canonical changed clean
cold concurrent conditional configured consistent corrupt current damaged dangling dead deep default deferred deleted
dirty distinct dry duplicate durable dynamic early eager empty encrypted equal exact exclusive existing expected expired
explicit extra failed failing fast final first flaky foreign fresh frozen full generated global good hidden hot idle
immutable implicit incomplete inconsistent incremental initial inner internal invalid keyed large last late lazy leftover
legacy live local locked long lost lower malformed manual missing mutable named narrow nested new next nullable numeric
obsolete old only open optional ordered orphaned outer own parallel partial pending persistent plain possible previous
private public quick random raw read-only recent redundant related remaining remote repeated required reserved safe second
secret separate serial shared short silent similar simple single slow sorted sparse stale static strict strong surplus
synchronous temporary third tiny total transient trusted typed unchecked unique unknown unlocked unsafe unsorted unused
upper valid verbose visible volatile whole wide wrong""".split()

SENTENCES = """The {a} {n} {v} the {n} before `{i}` returns.
`{i}` {v} the {n}, so the {n} stays {a} until the next {n}.
{N} {n} is {a} here: `{p}` {v} it only once the {n} {v} the {a} {n}.
We decided that the {n} {v} its own {n}; the {a} {n} would have needed a second {n}.
When the {n} {v} a {a} {n}, `{i}` {v} the {n} instead of the {n} and the {n} is lost.
Gotcha: `{i}()` {v} the {n} twice when {n} and {n} are both {a}.
The test for {n} {n} fails with "{a} {n} in {n}" because the {n} {v} the {n} in {p}:{d}.
Moved the {n} out of `{p}`; the {n} now {v} {a} {n}s and {v} the rest.
User wants the {n} to show the {a} {n} first, then the {n} and its {n}.
Discovered that {p} {v} {n}s in {a} order – the {n} relies on it.
It's the {n}'s job: the {n} doesn't know whether the {n} is {a}.
Fixed by making the {n} {a}: `{i}` → `{i}` in {d} places.
The {n} table has {d} {a} rows; {d} of them point to a {n} that no longer exists.
`SELECT {c}, {c} FROM {n}s WHERE {c} = '{n}';` takes {d} ms, the {a} {n} is not used.
Ran {d} tests, {d} failed: {n} {n}, {a} {n}.
If the {n} {v} before the {n} {v}, the {a} {n} stays in the {n} for up to {d} seconds.
Both {n}s use `{i}`, but only the {a} one {v} the {n} -- keep it so.
Next: {n} for {a} {n}s, then the {n} of the {n}, then remove `{i}`.
Refactored `{i}` in {p}: the {n} is {a}, the {n} {v} one {n} at a time.
Measured: {d} {n}s in {d} ms with the {a} {n}, {d} ms without.
The {a} {n} in {p} never {v}; its {n} {v} the {n} of the {n} and the caller {v} on.
{N} {n} must stay {a} across restarts, otherwise the {n} {v} {d} {n}s again.
An {a} non‑blocking {n} would do, yet the {n} {v} the {n} under a {n}.
See `{p}` for how the {n} {v} the {a} {n} (commit {h}).""".split("\n")

LINES = """    {c} = {i}({c}, {c})
    if not {c}.{c}:
        return {i}({c}.{c}, "{a} {n}")
    for {c} in {c}s:
        {c}.append({i}({c}))
def {c}_{c}({c}: str, {c}: int = {d}) -> {i}:
    \"\"\"{N} {a} {n} that the {n} {v}.\"\"\"
    assert {c}.{c} == {d}, f"{n} {v} {{{c}}}"
    const {i} = await {i}({{ {c}, {c}: {d} }});
  return {c}.map(({c}) => {c}.{c} ?? '{n}');
export function {i}({c}: {i}): Promise<void> {{
  expect({c}.{c}).toEqual({{ {c}: '{n}', {c}: {d} }});
}}
        logger.warning("{a} {n} in %s", {c}.{c})
import {{ {i}, {i} }} from './{n}s/{n}-{n}';
from {n}.{n}s import {i}
    with self.{c}.{c}() as {c}:
        raise {i}(f"{n} {{{c}}} is {a}")
    # the {n} {v} the {a} {n}
    {c}["{c}"] = {c}.get("{c}", {d})
CREATE INDEX idx_{n}s_{c} ON {n}s({c}, {c});
      - {n}: {a}-{n}
    async with {c}.{c}({d}) as {c}:
        self._{c}: dict[str, {i}] = {{}}
    @property""".split("\n")

COMMANDS = """python -m pytest tests/{n}/test_{n}_{n}.py -x -q
git diff --stat HEAD~{s} -- {p}
grep -rn "{i}" src/ | head -{s}0
npm run {n}:{n} -- --{n}={a}
sqlite3 .state/{n}s.db "SELECT count(*) FROM {n}s WHERE {c} = '{a}';"
make {n} && ./build/{n}_{n} --{n} {d}
cat {p} | jq '.{c}[] | .{c}'
git commit -m "{n}: {v} the {a} {n}"
docker compose logs --tail={d} {n}
ls -la {p}""".split("\n")

FOLDERS = "src lib app server client tests tools docs scripts packages/web packages/api internal cmd config".split()
ENDINGS = "py ts tsx sql md go rs json yaml cpp h sh".split()


def draws(random, pool):
    """Endless choices from the pool, drawn in blocks because that is ten times faster."""
    while True:
        yield from random.choices(pool, k=2048)


def zipf(words, steepness=0.35):
    """The words, early ones more often, as a pool for draws()."""
    return [word for rank, word in enumerate(words) for _ in range(max(1, round(8 / (1 + rank) ** steepness)))]


class Prose:
    def __init__(self, random):
        self.random = random
        shuffled = {key: random.sample(words, len(words)) for key, words in
                    (("n", NOUNS), ("v", VERBS), ("a", ADJECTIVES))}
        self.identifiers = [self.make_identifier() for _ in range(6000)]
        self.paths = [self.make_path() for _ in range(1500)]
        pools = {key: zipf(words) for key, words in shuffled.items()}
        pools["N"] = [word.capitalize() for word in ("the", "this", "each", "every", "that", "another", "no")]
        pools["i"] = self.identifiers
        pools["c"] = NOUNS + [f"{a}_{b}" for a, b in zip(random.choices(NOUNS, k=900), random.choices(NOUNS, k=900))]
        pools["p"] = zipf(self.paths, 0.25)
        pools["d"] = [str(random.randrange(2, 10 ** random.randrange(1, 5))) for _ in range(4000)]
        pools["s"] = list("123456789")
        pools["h"] = [f"{random.getrandbits(28):07x}" for _ in range(4000)]
        self.slots = {key: draws(random, pool) for key, pool in pools.items()}
        self.sentences = draws(random, self.compiled(SENTENCES))
        self.lines = draws(random, self.compiled(LINES))
        self.commands = draws(random, self.compiled(COMMANDS))

    def compiled(self, templates):
        """(text with %s, the slots' draws) for each template with {x} slots."""
        compiled = []
        for template in templates:
            parts = template.replace("%", "%%").replace("{{", "\0").replace("}}", "\1").split("{")
            text, slots = parts[0], []
            for part in parts[1:]:
                slots.append(self.slots[part[0]])
                text += "%s" + part[2:]
            compiled.append((text.replace("\0", "{").replace("\1", "}"), slots))
        return compiled

    def make_identifier(self):
        first, second, third = self.random.choices(NOUNS, k=3)
        verb = self.random.choice(VERBS).rstrip("s")
        return self.random.choice((f"{verb}_{first}_{second}", f"{verb}{first.title()}{second.title()}",
                                   f"{first.title()}{second.title()}", f"{first}_{second}_{third}", f"{verb}_{first}"))

    def make_path(self):
        first, second = self.random.choices(NOUNS, k=2)
        return f"{self.random.choice(FOLDERS)}/{self.random.choice(NOUNS)}s/{first}_{second}.{self.random.choice(ENDINGS)}"

    def one(self, compiled):
        text, slots = next(compiled)
        return text % tuple(map(next, slots))

    def sentence(self):
        return self.one(self.sentences)

    def text(self, length):
        """Sentences of about that many characters; long texts are in paragraphs with headings and lists."""
        parts, size = [], 0
        while size < length:
            sentence = self.one(self.sentences)
            size += len(sentence) + 1
            parts.append(sentence)
        if length < 700:
            return " ".join(parts)
        for at in range(0, len(parts), 4):
            parts[at] = ("\n\n## " + self.word().capitalize() + " " + self.word() + "\n" if at % 12 == 0 else "\n- ") + parts[at]
        return " ".join(parts)

    def code(self, length):
        parts, size = [], 0
        while size < length:
            line = self.one(self.lines)
            size += len(line) + 1
            parts.append(line)
        return "\n".join(parts)

    def word(self):
        return next(self.slots["n"])

    def path(self):
        return next(self.slots["p"])

    def identifier(self):
        return next(self.slots["i"])

    def number(self):
        return next(self.slots["d"])

    def command(self):
        return self.one(self.commands)


def to_json(value):
    return json.dumps(value, ensure_ascii=False)
