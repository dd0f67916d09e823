#!/usr/bin/env python3
"""Are the planner's phrases our own, or copied from the questions it is measured with?

Prints each question's nearest phrase by Jaccard similarity of character 3-grams, and fails above .6.

    tests/phrases_nearness.py ../shared/data/questions/dev-*.jsonl
"""

import json
import re
import sys
from pathlib import Path

LIMIT = 0.6
PROMPTS = Path(__file__).resolve().parent.parent / "prompts"


def grams(text):
    text = re.sub(r"\W+", "", text.casefold())
    return {text[i : i + 3] for i in range(max(1, len(text) - 2))}


def phrases():
    for path in sorted(PROMPTS.glob("tools/*.md")) + sorted(PROMPTS.glob("refusals/*.md")):
        inside = False
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("## "):
                inside = line.startswith("## phrases")
            elif inside and line.startswith("- "):
                yield path.stem, line[2:]


def main():
    known = [(topic, phrase, grams(phrase)) for topic, phrase in phrases()]
    too_near = 0
    for path in sys.argv[1:]:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            asked = grams(row["question"])
            near = max(known, key=lambda k: len(asked & k[2]) / len(asked | k[2]))
            similarity = len(asked & near[2]) / len(asked | near[2])
            too_near += similarity > LIMIT
            mark = "TOO NEAR" if similarity > LIMIT else ""
            print(f"{similarity:.2f} {row['id']} {row['question']}  ~  {near[1]} ({near[0]}) {mark}".rstrip())
    print(f"{len(known)} phrases; {too_near} questions above {LIMIT}")
    return 1 if too_near or not known else 0


if __name__ == "__main__":
    sys.exit(main())
