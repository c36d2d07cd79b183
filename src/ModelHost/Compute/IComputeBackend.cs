using LatentDb.MemoryStore.Tensors;

namespace LatentDb.ModelHost.Compute;

/// <summary>
/// The operations that a forward pass needs, on fp32 activations. All calls are synchronous and may come from several threads at once, each on its
/// own buffers. Views that are written must not overlap views that are read, except where an operation says "in place".
/// </summary>
internal interface IComputeBackend : IDisposable
{
    /// <summary>Products that <see cref="MultiplyAll"/> takes: queries, keys and values.</summary>
    const int MostProducts = 3;

    /// <summary>For the log and the model description, such as "cpu (AVX-512, 2 threads)".</summary>
    string Name { get; }

    /// <summary>True where <see cref="Allocate"/> takes the machine's own memory, so that keeping a second copy there gains nothing.</summary>
    bool SharesHostMemory { get; }

    /// <summary>New zeroed memory. F32, or BF16 for rows of memory as they are stored.</summary>
    DeviceBuffer Allocate(long elements, ElementType type = ElementType.F32);

    /// <summary>Packs a row-major [outputs, inputs] weight. <paramref name="storage"/> is F32, BF16, or I8 with a scale for each output; products accumulate in fp32 in every case.</summary>
    WeightMatrix Pack(ReadOnlySpan<byte> rowMajor, ElementType source, int outputs, int inputs, ElementType storage);

    /// <summary>Host to device: converts [rows, columns] row-major elements of a stored type to fp32, or keeps them where the target has that type.</summary>
    void Upload(ReadOnlySpan<byte> source, ElementType type, MatrixView target);

    /// <summary>Device to host, converting fp32 to the stored type (round to nearest even).</summary>
    void Download(MatrixView source, ElementType type, Span<byte> target);

    /// <summary>y = x Wᵀ, or y += scale x Wᵀ when <paramref name="accumulate"/>. x [m, inputs], y [m, outputs].</summary>
    void Multiply(MatrixView x, WeightMatrix weight, MatrixView y, bool accumulate = false, float scale = 1);

    /// <summary>y = n(x) Wᵀ for each of up to <see cref="MostProducts"/> products, n = <see cref="RmsNorm"/> or nothing. The numbers are those of the single calls, bit for bit.</summary>
    void MultiplyAll(MatrixView x, RowNorm? norm, ReadOnlySpan<WeightProduct> products);

    /// <summary>y = silu(n(x) Gᵀ) * (n(x) Uᵀ), the inside of a gated MLP (Shazeer 2020). y [m, outputs]; gate and up of one shape. The numbers are those of the single calls, bit for bit.</summary>
    void GatedMultiply(MatrixView x, RowNorm? norm, WeightMatrix gate, WeightMatrix up, MatrixView y);

    /// <summary>y[r] = x[r] / sqrt(mean(x[r]²) + epsilon) * gain (Zhang and Sennrich 2019). gain [1, columns].</summary>
    void RmsNorm(MatrixView x, MatrixView gain, float epsilon, MatrixView y);

    /// <summary>
    /// In place: rotates each head of each row by its position, Hugging Face layout (element i pairs with i + headSize / 2).
    /// x [rows, heads x headSize]; row r has position firstPosition + r. inverseFrequencies has headSize / 2 entries.
    /// </summary>
    void Rope(MatrixView x, int headSize, int firstPosition, ReadOnlySpan<float> inverseFrequencies);

    /// <summary>In place, like the other Rope: row r has position positions[r]. For batches whose rows belong to different sequences.</summary>
    void Rope(MatrixView x, int headSize, ReadOnlySpan<int> positions, ReadOnlySpan<float> inverseFrequencies);

    /// <summary>
    /// Grouped-query attention of a batch over segments that stay where they lie: one softmax in fp32 over q·k / sqrt(headSize) across all segments
    /// of a sequence. q, output [rows, heads x headSize], q rotated; segments [.., kvHeads x headSize], F32 or BF16. A sequence's result does not
    /// depend on the others of the call.
    /// </summary>
    void Attention(
        MatrixView q,
        ReadOnlySpan<AttentionSpan> sequences,
        ReadOnlySpan<KeySegment> segments,
        int headSize,
        ReadOnlySpan<float> inverseFrequencies,
        MatrixView output);

    /// <summary>In place: gate = silu(gate) * up, silu(x) = x / (1 + e^-x).</summary>
    void SiluMultiply(MatrixView gate, MatrixView up);

    /// <summary>In place: x = silu(x).</summary>
    void Silu(MatrixView x);

    /// <summary>In place: y += x.</summary>
    void Add(MatrixView x, MatrixView y);

    /// <summary>In place: y[r] += row for every r. row [1, columns].</summary>
    void AddRow(MatrixView row, MatrixView y);

    /// <summary>target = source; equal shapes. The same type, or BF16 widened to F32.</summary>
    void Copy(MatrixView source, MatrixView target);

    /// <summary>target[r] = table[indices[r]].</summary>
    void Gather(MatrixView table, ReadOnlySpan<int> indices, MatrixView target);

    /// <summary>
    /// M+ retrieval: scores[j] = mean over rows t of sigmoid(q[t]·key[j]), fp32 accumulation. q [n, width]; keys [.., width], F32 or BF16, that lie in
    /// several places: scores of keys[0], then of keys[1] and so on. A row's score does not depend on the others.
    /// </summary>
    void RetrievalScores(MatrixView q, ReadOnlySpan<MatrixView> keys, Span<float> scores);
}
