using System.Globalization;

namespace LatentDb.Cli.Output;

/// <summary>Tokens per second and time left. Only what was really written counts for speed: what was there before costs nothing and will not repeat.</summary>
internal sealed class InjectSpeed(long totalBytes)
{
    private long _bytesDone;
    private long _bytesWritten;
    private long _tokens;
    private TimeSpan _passed;
    private TimeSpan _writing;

    /// <summary>What is shown; written by the work, read by the screen.</summary>
    public string Line { get; private set; } = string.Empty;

    public void Add(InjectStep step, TimeSpan elapsed)
    {
        _bytesDone += step.Bytes;
        if (step.IsWritten)
        {
            _bytesWritten += step.Bytes;
            _tokens += step.Tokens;
            _writing += elapsed - _passed;
        }

        _passed = elapsed;
        Line = Describe();
    }

    private string Describe()
    {
        if (_tokens == 0 || _writing <= TimeSpan.Zero) return string.Empty;
        double secondsLeft = _writing.TotalSeconds / _bytesWritten * Math.Max(0, totalBytes - _bytesDone);
        string left = TimeSpan.FromSeconds(Math.Ceiling(secondsLeft)).ToString("c", CultureInfo.InvariantCulture);
        return $"{_tokens / _writing.TotalSeconds:N0} tokens/s, {left} left";
    }
}

/// <summary>A part of a file is in the memory.</summary>
/// <param name="File">The file.</param>
/// <param name="Bytes">Bytes of the file that are dealt with by it.</param>
/// <param name="Tokens">Tokens that were written.</param>
/// <param name="IsWritten">False when it was there before or is passed over, which says nothing about speed.</param>
internal sealed record InjectStep(string File, long Bytes, int Tokens, bool IsWritten);
