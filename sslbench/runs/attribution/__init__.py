"""Where a trained network looks: occlusion of any network, attention of those that have it."""
