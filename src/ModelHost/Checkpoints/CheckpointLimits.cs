namespace LatentDb.ModelHost.Checkpoints;

/// <summary>Bounds on what a checkpoint may claim, so that a damaged file is refused before it is believed.</summary>
internal static class CheckpointLimits
{
    /// <summary>Bytes of a safetensors header; the bound of the reference implementation.</summary>
    public const int MaxHeaderBytes = 100_000_000;

    /// <summary>Tensors of one checkpoint. M+ 8B has about 1,400.</summary>
    public const int MaxTensors = 1_000_000;

    /// <summary>Dimensions of one tensor. The model uses three at most.</summary>
    public const int MaxDimensions = 8;

    /// <summary>Bytes of config.json and of model.safetensors.index.json. The index of the 8B model has 103 kB.</summary>
    public const int MaxJsonBytes = 64 * 1024 * 1024;

    /// <summary>Files of a sharded checkpoint. The published ones have 7 and 8.</summary>
    public const int MaxShards = 4096;

    /// <summary>Decoder layers.</summary>
    public const int MaxLayers = 1024;

    /// <summary>Any width: hidden, intermediate, heads, selector. 64 times the 8B model.</summary>
    public const int MaxWidth = 1 << 20;

    /// <summary>Token ids.</summary>
    public const int MaxVocabulary = 1 << 24;

    /// <summary>Rows of a pool or of a bank per layer; keeps ranks and positions far inside an int.</summary>
    public const int MaxRows = 1 << 26;

    /// <summary>Names shown in a message about missing or unexpected tensors; the rest is counted.</summary>
    public const int NamesInMessage = 8;

    /// <summary>Bytes that are read at a time when a tensor is scanned or hashed.</summary>
    public const int ScanBytes = 1 << 20;
}
