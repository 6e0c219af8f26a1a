#!/usr/bin/env python3
"""Makes the manual page from what the program says of itself: reconcile --experimental-dump-help | manual.py VERSION
https://man7.org/linux/man-pages/man7/groff_man.7.html"""
import json
import sys


def text(words):
    """Text as roff has it: no line begins with a control character, and a backslash is one."""
    words = " ".join(words.split()).replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + words if words[:1] in (".", "'") else words


def label(argument):
    if argument["kind"] == "positional":
        name = argument["valueName"].upper() + ("..." if argument["isRepeating"] else "")
        return f"[\\fI{text(name)}\\fR]" if argument["isOptional"] else f"\\fI{text(name)}\\fR"
    names = [("-" if name["kind"] == "short" else "--") + name["name"] for name in argument["names"]]
    value = f" \\fI{text(argument['valueName'])}\\fR" if argument["kind"] == "option" else ""
    return ", ".join(f"\\fB{text(name)}\\fR{value}" for name in names)


def arguments(command):
    for argument in command.get("arguments", []):
        if argument.get("shouldDisplay", True) and not {name["name"] for name in argument.get("names", [])} & {"help", "version"}:
            values = argument.get("allValues") or []
            about = argument.get("abstract", "") + (f" One of {', '.join(values)}." if values else "")
            default = argument.get("defaultValue")
            yield label(argument), about + (f" ({default} if left out.)" if default and argument["kind"] != "flag" else "")


def walk(command, path):
    yield path, command
    for each in command.get("subcommands", []):
        if each["commandName"] != "help":
            yield from walk(each, path + [each["commandName"]])


root = json.load(sys.stdin)["command"]
lines = [f'.TH RECONCILE 1 "" "reconcile {text(sys.argv[1])}"', ".SH NAME", f"reconcile \\- {text(root['abstract'])}"]
lines += [".SH SYNOPSIS", ".B reconcile", "\\fICOMMAND\\fR [\\fIOPTION\\fR]...", ".SH DESCRIPTION", text(root.get("discussion") or root["abstract"])]
lines.append(".SH COMMANDS")
for path, command in walk(root, []):
    if not path:
        continue
    lines += [f'.SS "reconcile {text(" ".join(path))}"', text(command["abstract"])]
    if command.get("discussion"):
        lines += [".PP", text(command["discussion"])]
    for name, about in arguments(command):
        lines += [".TP", name, text(about)]
lines += [".SH EXIT STATUS", "0 done or no change; 1 error; 2 changes pending; 3 not what was approved; 4 refused by a guard;"]
lines += ["5 something belongs to somebody else; 6 applied in part; 64 wrong usage; 130 interrupted."]
lines += [".SH ENVIRONMENT", ".TP", "\\fBEMAILCONNECT_URL\\fR", "Where the API is; ends with /v1."]
lines += [".TP", "\\fBEMAILCONNECT_API_KEY\\fR", "The key.", ".TP", "\\fBNO_COLOR\\fR", "No colour."]
print("\n".join(lines))
