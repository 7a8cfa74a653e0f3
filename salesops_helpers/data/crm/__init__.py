"""CRM exports: which headers hold which field (one TOML file a CRM), and how its objects become the kit's tables."""
