"""The ways to reach a person, one file each, found by `integrations.reach`. The file's name is the channel's."""
