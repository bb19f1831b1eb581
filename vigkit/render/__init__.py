"""From a bundle to a page: sections, the exporter, the template and the pack."""
