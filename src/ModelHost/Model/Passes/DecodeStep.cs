using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Model.Sessions;

namespace LatentDb.ModelHost.Model.Passes;

/// <summary>
/// One further token of each of several answers: all rows go through a product together, so the weights are read once for all; each row attends to its
/// own memory and text. What a session computes does not depend on the others. Allocates nothing once scratch and pages are there.
/// </summary>
internal sealed class DecodeStep(LayerStack stack)
{
    /// <summary>
    /// Appends ids[i] to the text of sessions[i]; then each session holds its new logits. All sessions are different, have been prefilled and have room.
    /// </summary>
    /// <exception cref="InvalidOperationException">A session is full. Nothing was computed.</exception>
    public void Run(ReadOnlySpan<ReadSession> sessions, ReadOnlySpan<int> ids)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(ids.Length, sessions.Length);
        if (sessions.IsEmpty) return;
        foreach (ReadSession session in sessions) session.MakeRoom();
        PassScratch scratch = stack.Scratch.Rent(sessions.Length);
        try
        {
            MatrixView x = scratch.Input.SliceRows(0, sessions.Length); // [sessions, d]
            stack.Embed(ids, x);
            for (int l = 0; l < stack.Dimensions.L; l++) RunLayer(sessions, l, x, scratch);
            MatrixView logits = stack.Logits(x, scratch);
            for (int i = 0; i < sessions.Length; i++)
            {
                sessions[i].Advance(1);
                stack.Download(logits.SliceRows(i, 1), sessions[i].Logits);
            }
        }
        finally
        {
            stack.Scratch.Return(scratch);
        }
    }

    private void RunLayer(ReadOnlySpan<ReadSession> sessions, int l, MatrixView x, PassScratch scratch)
    {
        DecoderLayer layer = stack.Layers[l];
        MatrixView keys = scratch.Keys.SliceRows(0, x.Rows);
        MatrixView values = scratch.Values.SliceRows(0, x.Rows);
        Span<int> positions = scratch.Positions[..x.Rows];
        for (int i = 0; i < positions.Length; i++) positions[i] = sessions[i].Memory.Rows(l) + sessions[i].TextRows;
        MatrixView queries = layer.QueriesKeysAndValues(x, AdapterMode.Read, scratch, keys, values);
        layer.Rotate(keys, positions);
        layer.Rotate(queries, positions);
        scratch.ClearSequences();
        for (int i = 0; i < sessions.Length; i++)
        {
            int row = sessions[i].TextRows;
            stack.Backend.Copy(keys.SliceRows(i, 1), sessions[i].Keys(l, row, 1));
            stack.Backend.Copy(values.SliceRows(i, 1), sessions[i].Values(l, row, 1));
            sessions[i].ListSegments(l, row + 1, scratch);
            scratch.EndSequence(1);
        }

        layer.Forward(x, queries, AdapterMode.Read, scratch);
    }
}
