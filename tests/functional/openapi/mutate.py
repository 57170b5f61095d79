"""Documents that must be refused: the proof that a check looks at every place, the recursive ones included."""

import copy


def places(document, path=()):
    """Every node below the root, as (path, value)."""
    children = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, value in children:
        yield path + (key,), value
        yield from places(value, path + (key,))


def wrong(value):
    """A value of a type that the other's schema cannot have."""
    if isinstance(value, str):
        return {"wrong": True}
    return "wrong"


def replaced(document, path, value):
    changed = copy.deepcopy(document)
    node = changed
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return changed


def shape(path):
    return tuple("*" if isinstance(key, int) else key for key in path)


def mutations(document, is_open):
    """Each place of the document with a value of a wrong type, and each object with a member that nobody declared; once
    for every shape of path. @param is_open  whether members of the object at a path are anybody's."""
    seen = set()
    for path, value in [((), document), *places(document)]:
        if shape(path) in seen or is_open(path):
            continue
        seen.add(shape(path))
        if path:
            yield path, replaced(document, path, wrong(value))
        if isinstance(value, dict):
            yield path + ("Undeclared",), replaced(document, path + ("Undeclared",), "x")


def recursive_chain(schemas, root, mode_drops):
    """The shortest way from a schema through itself: member names down to a place that repeats a schema, or, where nothing
    repeats, down to the deepest schema. @return (members, name of the last schema); a member of a list is (name, 0)."""
    best, queue = ((), root), [((), root, (root,))]
    while queue:
        path, name, above = queue.pop(0)
        for member, one in schemas[name].get("properties", {}).items():
            if mode_drops(one):
                continue
            is_list = one.get("type") == "array"
            target = (one["items"] if is_list else one).get("$ref", "").rsplit("/", 1)[-1]
            if "properties" not in schemas.get(target, {}):
                continue
            step = path + ((member, 0) if is_list else (member,))
            if target in above:
                return step, target
            if len(step) > len(best[0]):
                best = (step, target)
            queue.append((step, target, above + (target,)))
    return best


def nested(path, leaf):
    """The smallest document with `leaf` at the path."""
    for key in reversed(path):
        leaf = [leaf] if isinstance(key, int) else {key: leaf}
    return leaf
