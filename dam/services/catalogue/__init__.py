"""Records of assets: components, sources, look-up, tags, failures and verdicts."""
