"""Walk folders, read files, compute content digests, and detect media types."""
