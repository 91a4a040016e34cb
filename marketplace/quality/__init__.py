"""Quality: what elders and families say of the care they got."""
