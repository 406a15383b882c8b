"""Rows as a table: aligned text, HTML in a notebook, Markdown in a README."""

from html import escape


class Table(list):
    """Rows (dicts with the same keys) that print as aligned text and show as a table in a notebook."""

    def __repr__(self):
        if not self:
            return "(nothing)"
        cells = [list(self[0]), *([str(v) for v in row.values()] for row in self)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in cells)

    def _repr_html_(self):
        """Left-aligned, long texts wrapped, whatever the page does with tables."""
        if not self:
            return ""
        head = "".join(f"<th style='text-align: left'>{escape(str(key))}</th>" for key in self[0])
        rows = "".join(f"<tr>{''.join(cell(str(value)) for value in row.values())}</tr>" for row in self)
        return f"<table><tr>{head}</tr>{rows}</table>"

    def markdown(self) -> str:
        """The same as a Markdown table, for README files."""
        lines = [list(self[0]), ["---"] * len(self[0]), *(map(str, row.values()) for row in self)]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(words: str) -> str:
    """One cell of a table; what is long or has lines is wrapped."""
    wrapped = ("; white-space: pre-wrap; overflow-wrap: anywhere; max-width: 46em"
               if len(words) > 40 or "\n" in words else "")
    return f"<td style='text-align: left; vertical-align: top{wrapped}'>{escape(words)}</td>"


class TableAndFigure:
    """Interface of results with a `table` and a `figure`: a notebook shows both."""

    table: Table

    def __repr__(self):
        return repr(self.table)

    def _repr_html_(self):
        return self.table._repr_html_()

    def _ipython_display_(self):
        """Both: of several representations of one output a notebook shows the first alone."""
        from IPython.display import display

        display(self.table, self.figure)
