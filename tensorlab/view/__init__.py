"""Views: pure functions of records to text, HTML, SVG and figures, in one visual language."""
