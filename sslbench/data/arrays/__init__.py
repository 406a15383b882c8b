"""What is in memory already, or lies in .npy and .npz files, as a data source."""
