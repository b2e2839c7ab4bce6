"""A report read back from its HTML, and a fit whose names hold whatever a name may hold."""

from dataclasses import replace
from html.parser import HTMLParser

from bayesfactor.base.wording import chance, percent

MIX = {"a00": 0.5, "a03": 0.3, "a05": -0.1}
HOSTILE = ("<script>alert(1)</script>", "A&B", "\N{ROCKET} $x$ | `y`", "w" * 200, "\"quoted\" 'twice'")


class Reader(HTMLParser):
    """Collects tables by id, texts by section, and every tag."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.sections, self.tags, self.links, self.codes = {}, {}, [], [], []
        self.table = self.section = self.cell = None
        self.code = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        self.tags.append(tag)
        self._part(tag)
        self.links += [facts[name] for name in ("href", "src", "xlink:href") if name in facts]
        if tag == "section":
            self.section = self.sections.setdefault(facts["id"], [])
        elif tag == "table":
            self.table = self.tables.setdefault(facts["id"], [])
        elif tag == "tr":
            self.table.append([])
        elif tag in ("td", "th"):
            self.cell = {"text": "", "value": facts.get("data-v"), "below": "", "more": "", "smalls": 0, "open": False}
            self.table[-1].append(self.cell)
        elif tag == "small" and self.cell is not None:
            self.cell["smalls"] += 1
            self.cell["open"] = True
        elif tag == "pre":
            self.codes.append("")
            self.code = True

    def _part(self, tag):
        """Part words at tags, unless they are within a line."""
        if self.section is not None and tag != "span":
            self.section.append(" ")

    def handle_endtag(self, tag):
        self._part(tag)
        if tag in ("td", "th"):
            self.cell = None
        elif tag == "small" and self.cell is not None:
            self.cell["open"] = False
        elif tag == "section":
            self.section = None
        elif tag == "pre":
            self.code = False

    def handle_data(self, data):
        if self.section is not None:
            self.section.append(data.replace("\N{NO-BREAK SPACE}", " "))
        if self.cell is not None:
            data = data.replace("\N{NO-BREAK SPACE}", " ")
            self.cell[("text", "below", "more")[self.cell["smalls"] if self.cell["open"] else 0]] += data
        if self.code:
            self.codes[-1] += data

    def text(self, section):
        return " ".join("".join(self.sections[section]).split())

    def rows(self, table):
        """Return head texts, and rows by their first cell; those that are folded last."""
        head, *body = self.tables[table]
        body += self.tables.get(f"{table}-others", [])[1:]
        return [cell["text"].strip() for cell in head], {row[0]["text"]: row[1:] for row in body}


def agree(reader, id, table, unit):
    """Every cell of a spread table holds the mean and interval of the result's own table."""
    heads, rows = reader.rows(id)
    seen = 0
    for row in table.to_dict("records"):
        cell = rows[str(row[unit])][heads.index(row["source"]) - 1]
        assert float(cell["value"]) == row["mean"]
        sd = row["sd"]
        assert cell["text"].strip() == percent(row["mean"], sd or abs(row["mean"]) / 20)
        likely = row["prob_positive" if "prob_positive" in row else "prob_above"]
        below = (
            f"{percent(row['lower'], sd)} to {percent(row['upper'], sd)}",
            f"{chance(likely)}; {percent(sd, sd / 3)}",
        )
        assert (cell["below"], cell["more"]) == (below if row["sd"] > 0 else ("", ""))
        seen += 1
    others = sum(head.startswith(("P(", "volatility", "periods", "realised")) for head in heads) * len(rows)
    assert seen == sum(1 for row in rows.values() for cell in row if cell["value"]) - others


def named(fit, names):
    """Return the fit with other names of its assets and factors."""
    panel = fit.panel
    assets = [*names, *panel.assets[len(names) :]]
    factors = [names[0], *panel.factor_names[1:]]
    info = tuple(replace(factor, name=name) for factor, name in zip(panel.factor_info, factors, strict=True))
    moved = replace(
        panel,
        returns=panel.returns.assign_coords(asset=assets),
        factors=panel.factors.assign_coords(factor=factors),
        groups=panel.groups.assign_coords(asset=assets),
        factor_info=info,
    )
    new = {"asset": assets, "factor": factors, "factor_other": factors}
    tree = fit.data.map_over_datasets(lambda d: d.assign_coords({k: v for k, v in new.items() if k in d.coords}))
    return replace(fit, panel=moved, data=tree)
