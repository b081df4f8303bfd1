"""The server's own account of what was asked of it."""


class Record:
    def __init__(self, json):
        self.json = json
        self.posts = json["posts"]["all"]  # successful creates, oldest first

    def twice(self):
        """executor id -> how often, of those that were created more than once."""
        return {i: n for i, n in self.json["posts"]["by_exec_id"].items() if n > 1}

    def ids(self):
        return {int(i) for i in self.json["posts"]["by_exec_id"]}

    def by_verb(self, agent):
        """verb -> requests, of the clients whose User-Agent begins so."""
        counts = {}
        for name, verbs in self.json["requests_by_agent"].items():
            if name.startswith(agent):
                for verb, codes in verbs.items():
                    counts[verb] = counts.get(verb, 0) + sum(codes.values())
        return counts

    def seconds(self, first, last):
        """From the first-th to the last-th create, counted from 0."""
        return (self.posts[last]["at_ms"] - self.posts[first]["at_ms"]) / 1000

    def peak_concurrency(self):
        return self.json["posts"]["peak_concurrent"]
