namespace LatentDb.ModelHost.Compute.Cpu.Kernels.Memory;

/// <summary>A packed weight turned into a pointer, with its memory held until Dispose.</summary>
internal readonly unsafe ref struct HeldPanels
{
    private readonly PackedWeights _weights;

    private HeldPanels(PackedWeights weights) => _weights = weights;

    /// <exception cref="ObjectDisposedException">The weight was disposed.</exception>
    public static HeldPanels Open(PackedWeights weights)
    {
        bool held = false;
        weights.Memory.DangerousAddRef(ref held);
        return new HeldPanels(weights);
    }

    public GemmCall Call(MatrixPointer x, MatrixPointer y, bool accumulate, float scale) => new()
    {
        X = x,
        Panels = (byte*)_weights.Memory.Pointer,
        Storage = _weights.Storage,
        Scales = _weights.Scales,
        Y = y,
        Accumulate = accumulate,
        Scale = scale,
    };

    public void Dispose() => _weights.Memory.DangerousRelease();
}
