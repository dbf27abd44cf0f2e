"""Tags of assets: their names, how they are added and removed, rules about them, counts."""
